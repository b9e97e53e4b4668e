//! The web pages behind an application's own sign-in, with what must not be shown hidden:
//! `cargo run --example web_safety`, and look at <http://127.0.0.1:7778/jobs> as `ann`, with the password that it prints.

use std::net::SocketAddr;

use axum::Router;
use axum::http::request::Parts;
use axum::response::Redirect;
use sancho::{Client, Job};
use sancho_web::{Access, Admission, Credentials, Person, Redaction, Refusal, Role, Web};

/// Its arguments, what its errors say and what its runs keep are shown nowhere.
#[derive(Job)]
#[job(redact)]
struct SignUp {
    email: String,
}

/// The number of the card is shown nowhere, nor what errors say, which may quote it.
#[derive(Job)]
#[job(redact(card_number, errors))]
struct Charge {
    customer_id: u64,
    card_number: String,
}

/// Classes that Ruby pushes: their payloads declare nothing.
fn redacted(web: Web) -> Web {
    let redaction =
        Redaction::default().class("PasswordReset").argument("Invoice", 2).declared(Charge::CLASS, Charge::REDACT);
    web.redact(redaction)
}

/// Names and passwords for people, a token for a program.
fn with_credentials(web: Web, password: &str, token: &str) -> Result<Web, sancho::Invalid> {
    let credentials =
        [Credentials::basic("ann", password, Role::Operator)?, Credentials::bearer("grafana", token, Role::Viewer)?];
    web.access(Access::credentials(credentials)?).trust_origin("https://jobs.example.com")?.trust_proxy("10.0.0.0/8")
}

/// Somebody whom the application's own sign-in has found out, in a layer around all of its pages.
#[derive(Clone)]
struct User {
    name: String,
    is_admin: bool,
}

fn behind_the_sign_in(web: Web) -> Web {
    web.access(Access::doorkeeper(|request: &Parts| match request.extensions.get::<User>() {
        Some(user) if user.is_admin => Admission::Granted(Person::new(user.name.as_str(), Role::Operator)),
        Some(_) => Admission::refused(Refusal::forbidden("these pages are for administrators")),
        None => Admission::refused(Redirect::to("/sign-in")),
    }))
}

fn pages(client: &Client) -> Web {
    Web::of(client.clone())
}

async fn serve(app: Router) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:7778").await?;
    println!("http://{}/jobs", listener.local_addr()?);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = sancho::connect("sqlite://sancho.db").await?;
    client.push(SignUp { email: "ann@example.com".to_owned() }).await?;
    client.push(Charge { customer_id: 7, card_number: "4111".to_owned() }).await?;
    let password = std::env::var("PASSWORD").unwrap_or_else(|_| "correct horse battery".to_owned());
    println!("ann, {password}");
    let own = sancho_web::router(redacted(with_credentials(pages(&client), &password, "0123456789abcdef")?));
    let admin = sancho_web::router(redacted(behind_the_sign_in(pages(&client))));
    serve(Router::new().nest_service("/jobs", own).nest_service("/admin/jobs", admin)).await
}
