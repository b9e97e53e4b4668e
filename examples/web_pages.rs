//! The web pages inside of an application, with a tab and two panels of its own: `cargo run --example web_pages`, and
//! look at <http://127.0.0.1:7777/jobs>. It shows the store in `sancho.db`, where the quick start pushes to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::Redirect;
use axum::routing::get;
use axum::{Form, Router};
use sancho::Client;
use sancho::core::JobRow;
use sancho_web::{Fragment, Hub, Language, Panel, Tab, Title, View, Web, escaped};

/// Orders that wait to be shipped, by number: the name of the customer is whatever somebody typed.
#[derive(Clone, Debug, Default)]
struct Orders(Arc<Mutex<BTreeMap<u64, String>>>);

fn pages(client: &Client) -> Web {
    Web::of(client.clone())
}

/// The page of the tab. A button is for those who may act; whoever else sends its form is refused at the gate.
async fn list(view: View, State(orders): State<Orders>) -> Fragment {
    let mut rows = String::new();
    for (number, customer) in orders.0.lock().expect("nobody panics with it").iter() {
        let button = format!("<button name=\"number\" value=\"{number}\">Ship</button>");
        let button = if view.person().may_act() { button.as_str() } else { "" };
        rows += &format!("<tr><th scope=\"row\">{number}</th><td>{}</td><td>{button}</td></tr>", escaped(customer));
    }
    Fragment::html(format!("<h1>Orders</h1><form method=\"post\" class=\"sheet\"><table>{rows}</table></form>"))
}

/// What the button does.
async fn ship(view: View, State(orders): State<Orders>, Form(fields): Form<BTreeMap<String, u64>>) -> Redirect {
    let number = fields.get("number").copied().unwrap_or_default();
    let was_there = orders.0.lock().expect("nobody panics with it").remove(&number).is_some();
    view.audit("ship", &format!("order {number}"), usize::from(was_there));
    Redirect::to("orders")
}

fn extended(web: Web, orders: Orders) -> Result<Web, sancho::core::Invalid> {
    let title = Title::new("Orders").in_language(Language::Vietnamese, "Đơn hàng");
    let router = Router::new().route("/", get(list).post(ship)).with_state(orders.clone());
    let tab = Tab::new("orders", title.clone(), router);

    let waiting = Panel::on_dashboard(title, move |view: View| {
        let (orders, address) = (orders.clone(), view.to("x/orders"));
        async move {
            let waiting = orders.0.lock().expect("nobody panics with it").len();
            Fragment::html(format!("<p><a href=\"{}\">{waiting} to be shipped</a></p>", escaped(&address)))
        }
    });
    let customer = Panel::on_job("Customer", |_view: View, job: JobRow| async move {
        let class = job.payload.envelope().ok()?.display_class().into_owned();
        (class == "WelcomeEmail").then(|| Fragment::text("Whoever has just signed up."))
    });
    web.tab(tab)?.panel(waiting)?.panel(customer)
}

async fn serve(web: Web) -> anyhow::Result<()> {
    let hub: Hub = web.hub();
    let app = Router::new().nest_service("/jobs", sancho_web::router(web));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:7777").await?;
    println!("http://{}/jobs", listener.local_addr()?);
    let stopped = async move {
        let _ = tokio::signal::ctrl_c().await;
        hub.end();
    };
    axum::serve(listener, app).with_graceful_shutdown(stopped).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = sancho::connect("sqlite://sancho.db").await?;
    let orders = BTreeMap::from([(17, "Ann & Sons".to_owned()), (42, "<b>Bob</b>".to_owned())]);
    let orders = Orders(Arc::new(Mutex::new(orders)));
    serve(extended(pages(&client), orders)?).await
}
