//! What strangers write into payloads and names is shown in a real browser, on every page, and nothing of it runs,
//! asks for anything or breaks out.

use std::time::Duration;

use sancho::core::process::Quiet;
use sancho::core::{
    Beat, CapsuleInfo, Execution, Greeting, Incarnation, NewJob, Pausable, Place, ProcessInfo, QueueCount,
};
use sancho::{Client, Timestamp};
use serde_json::json;

use crate::crawl::Links;
use crate::page::{Look, Page, Visitor};
use crate::site::{Home, Site};
use crate::stock::{self, enqueued, queue};

on_each_store!(nothing_that_strangers_write_comes_alive, what_is_too_much_is_shown_all_the_same);

/// What strangers write. Whatever of it comes alive sets `window.alive`, opens a dialog, leads away, or asks for
/// something at a place that nobody serves.
const TEXTS: [&str; 16] = [
    "<script>window.alive = 1; alert(1)</script>",
    "</script><script src=http://elsewhere.example/1.js></script>",
    "\"><img src=http://elsewhere.example/2.png onerror=alert(2)>",
    "'><img src=x onerror='window.alive = 2'>",
    "\" onmouseover=alert(3) autofocus onfocus=alert(3) x=\"",
    "<svg onload=alert(4)><style>*{background:url(http://elsewhere.example/4)}</style>",
    "<iframe srcdoc='<script>parent.alive = 5</script>'></iframe>",
    "<meta http-equiv=refresh content='0;url=http://elsewhere.example/6'>",
    "<base href=http://elsewhere.example/>",
    "</title></textarea></pre></code></table></select><link rel=stylesheet href=http://elsewhere.example/8.css>",
    "<form action=http://elsewhere.example/9><input name=act><button autofocus>",
    "javascript:alert(10)//http://elsewhere.example",
    "//elsewhere.example/11",
    "{{ constructor.constructor('alert(12)')() }}${alert(12)}",
    "x\u{202e}\u{2066}gnp.exe\u{200b}\u{2028}",
    "&lt;img src=x onerror=alert(13)&gt;&#60;script&#62;alert(13)",
];

async fn nothing_that_strangers_write_comes_alive(home: Home) {
    let client = home.client().await;
    fill(&client).await;
    let site = Site::of(client).await;
    let page = Page::of(&site, Visitor::default()).await;
    // Whatever asks for something elsewhere, opens a dialog or troubles the console fails the next step of the page.
    // The same jobs in another order are the same texts, and so is a search whose groups are asked for: what it looks for
    // is on the page of the search, and what groups are called on that of all groups.
    let says_more = |path: &str| {
        let has = |part: &str| path.contains(part);
        let is_repeated = ["order=", "sort=", "minutes=", "days="].into_iter().any(has) || (has("q=") && has("by="));
        !is_repeated
    };
    let links = Links::followed(&page, &site.origin, says_more, async |path, _| {
        let strangers = "['alive' in window, document.querySelectorAll('iframe, base, object, embed, meta[http-equiv], \
                         link[href*=elsewhere], img[src*=elsewhere], [onerror], [onload], [onmouseover], [onfocus]').length]";
        let (is_alive, elements) = page.evaluate::<(bool, usize)>(strangers).await;
        assert!(!is_alive, "{path} ran what a stranger wrote");
        assert_eq!(elements, 0, "{path} has an element of a stranger's");
    })
    .await;
    println!("{} pages", links.pages.len());
    for seen in ["/dead", "/jobs/", "/queues/", "/metrics"] {
        assert!(links.pages.keys().any(|path| path.starts_with(seen)), "{seen} is among what was visited");
    }
    // The questions repeat what strangers call their queues.
    page.open("/queues").await;
    for number in 0..page.count("button[value=clear]").await.min(TEXTS.len()) {
        page.open("/queues").await;
        page.follow(&format!(":nth-match(button[value=clear], {})", number + 1)).await;
        assert!(!page.evaluate::<bool>("'alive' in window").await, "a question ran what a stranger wrote");
    }
}

/// Payloads that nobody can read, that are too long and too deep: pages stay pages, and as wide as the window.
async fn what_is_too_much_is_shown_all_the_same(home: Home) {
    let site = home.empty().await;
    let deep = format!("{{\"class\":\"Deep\",\"jid\":\"deep\",\"args\":[{}1{}]}}", "[".repeat(500), "]".repeat(500));
    let long = json!({ "class": "Long", "jid": "long", "args": ["<script>alert(1)</script>".repeat(42_000)] });
    let wide = json!({ "class": "W".repeat(500), "jid": "wide", "args": [], "error_class": "E".repeat(5_000),
        "error_message": "m".repeat(50_000), "tags": vec!["t".repeat(50); 200] });
    let payloads = [
        ("deep", deep.into_bytes()),
        ("long", long.to_string().into_bytes()),
        ("wide", wide.to_string().into_bytes()),
        ("text", b"\xff\xfe<script>alert(1)</script>\x00\x1b[31m\xf0\x9f".to_vec()),
    ];
    let jobs: Vec<NewJob> = payloads.iter().map(|(jid, payload)| stock::raw(jid, Place::Dead, payload)).collect();
    stock::push(&site.client, &jobs).await;
    for look in [Look::WIDE, Look::PHONE] {
        let page = Page::of(&site, Visitor { look, ..Visitor::default() }).await;
        let fits = "document.documentElement.scrollWidth <= window.innerWidth";
        page.open("/dead").await;
        assert!(page.evaluate::<bool>(fits).await, "the list is wider than the window of {look:?}");
        let jobs = page.evaluate::<Vec<String>>("[...document.querySelectorAll('td.job a')].map((a) => a.href)").await;
        assert_eq!(jobs.len(), 4);
        for job in jobs {
            page.open(&job).await;
            assert!(page.evaluate::<bool>(fits).await, "{job} is wider than the window of {look:?}");
            assert!(page.evaluate::<usize>("document.documentElement.outerHTML.length").await < 800_000);
        }
    }
}

/// A store in which every name and every text is hostile.
async fn fill(client: &Client) {
    let now = client.clock().now();
    let later = now + Duration::from_secs(3_600);
    let mut jobs = Vec::new();
    for (number, text) in TEXTS.into_iter().enumerate() {
        let place = match number % 5 {
            0 => Place::Scheduled { at: later },
            1 => Place::Retries { at: later },
            2 => Place::Held { reason: text.to_owned() },
            3 => enqueued(text),
            _ => Place::Dead,
        };
        let visible = text.replace(char::is_control, "");
        let payload = |jid: &str| {
            json!({
                "class": text, "args": [text, { text: text }], "jid": jid, "queue": text, "tags": [text],
                "error_class": text, "error_message": text, "error_backtrace": [text], "retry_count": 1,
                "failed_at": text, "key": text, text: text,
            })
        };
        for (jid, place) in [(format!("{number}{visible}"), place), (format!("dead{number}"), Place::Dead)] {
            jobs.push(stock::raw(&jid, place, payload(&jid).to_string().as_bytes()));
        }
    }
    stock::push(client, &jobs).await;
    let inspect = client.inspect();
    for text in TEXTS {
        let text = text.replace(char::is_control, "");
        inspect.pause(&Pausable::Class(text.clone()), now).await.expect("a class is paused");
        inspect.pause(&Pausable::Queue(queue(&text)), now).await.expect("a queue is paused");
    }
    inspect.mark_deploy(TEXTS[0], now).await.expect("a deploy is marked");
    client.store().beat(&beat(now), now).await.expect("the store takes every beat");
}

/// A process that says hostile things of itself.
fn beat(now: Timestamp) -> Beat {
    let executions = TEXTS.map(|text| {
        let mut execution = Execution::of(text);
        execution.add_run(Duration::from_millis(120));
        execution
    });
    let text = TEXTS.concat();
    Beat {
        process: ProcessInfo {
            incarnation: Incarnation::new(format!("host:1:{}", TEXTS[2])),
            hostname: text.clone(),
            pid: 1,
            started_at: now,
            slots: 4,
            queues: vec![queue(TEXTS[0])],
            capsules: vec![CapsuleInfo {
                name: text.clone(),
                slots: 4,
                order: text.clone(),
                queues: TEXTS.map(str::to_owned).into(),
            }],
            tag: text.clone(),
            labels: TEXTS.map(str::to_owned).into(),
            version: text,
        },
        greeting: Greeting::Hello,
        quiet: Quiet::No,
        lease: Duration::from_secs(86_400),
        running: Vec::new(),
        rss_bytes: u64::MAX,
        round_trip: Duration::from_secs(100_000),
        executions: executions.into(),
        by_queue: TEXTS.map(|text| QueueCount { queue: queue(text), count: 3, failures: 1 }).into(),
    }
}
