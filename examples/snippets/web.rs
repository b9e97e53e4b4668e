//! The addresses of the application, and what happens at each.
//!
//! Below `/jobs` are Sancho's own pages: one line, for whoever runs the application.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde_json::json;

use crate::app::App;
use crate::form::{PublishForm, SnippetForm};
use crate::highlighter::Highlighter;
use crate::publish::{self, Answer};
use crate::snippet::Snippet;
use crate::{grammar, highlight, page};

/// Snippets on the first page.
const NEWEST_MAX: usize = 20;

/// Nothing comes from elsewhere and nothing is written inline, so hostile code that slipped through would not run.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Web {
    /// The application.
    pub(crate) app: App,
    /// The highlighting service of this process.
    pub(crate) highlighter: Highlighter,
}

/// Every address; `jobs` are Sancho's pages, which say themselves who may come in (unless told otherwise, this machine
/// alone) and what a browser may load.
pub(crate) fn routes(web: Web, jobs: sancho_web::Web) -> anyhow::Result<Router> {
    let highlight_css = grammar::style_sheet()?;
    let css = |text: String| get(move || async move { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], text) });
    let script = ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("assets/live.js"));
    Ok(Router::new()
        .route("/", get(index))
        .route("/snippets", post(create))
        .route("/snippets/{id}", get(show))
        .route("/snippets/{id}/publish", post(plan))
        .route("/snippets/{id}/cancel", post(cancel))
        .route("/counts.json", get(counts))
        .route("/style.css", css(include_str!("assets/style.css").into()))
        .route("/highlight.css", css(highlight_css))
        .route("/live.js", get(move || async move { script }))
        .fallback(async || Problem::NotFound)
        .layer(axum::middleware::map_response(guard))
        .with_state(web)
        .nest_service("/jobs", sancho_web::router(jobs)))
}

async fn index(State(web): State<Web>) -> Result<Html<String>, Problem> {
    let newest = web.app.database.newest(NEWEST_MAX).await?;
    Ok(Html(page::index(&SnippetForm::default(), None, &newest)))
}

async fn create(State(web): State<Web>, Form(form): Form<SnippetForm>) -> Result<Response, Problem> {
    let new = match form.check() {
        Ok(new) => new,
        Err(mistake) => return refuse(&web, StatusCode::UNPROCESSABLE_ENTITY, &form, &mistake).await,
    };
    let publish_at = new.publish_at;
    let id = web.app.database.add(new).await?;
    if let Err(error) = push_jobs(&web.app, id, publish_at).await {
        tracing::error!("failed to push the jobs of snippet {id}: {error:#}");
        web.app.database.remove(id).await?;
        let sorry = "The job store does not answer. Nothing was saved; please send it again.";
        return refuse(&web, StatusCode::SERVICE_UNAVAILABLE, &form, sorry).await;
    }
    Ok(Redirect::to(&format!("/snippets/{id}")).into_response())
}

async fn push_jobs(app: &App, id: i64, publish_at: Option<jiff::Timestamp>) -> anyhow::Result<()> {
    highlight::push(&app.client, id).await?;
    if let Some(at) = publish_at {
        publish::push(&app.client, id, at).await?;
    }
    Ok(())
}

async fn refuse(web: &Web, status: StatusCode, form: &SnippetForm, message: &str) -> Result<Response, Problem> {
    let newest = web.app.database.newest(NEWEST_MAX).await?;
    Ok((status, Html(page::index(form, Some(message), &newest))).into_response())
}

/// One address for people and, ending in `.json`, for programs.
async fn show(State(web): State<Web>, Path(name): Path<String>) -> Result<Response, Problem> {
    let (id, wants_json) = match name.strip_suffix(".json") {
        Some(id) => (id, true),
        None => (name.as_str(), false),
    };
    let snippet = find(&web, id).await?;
    if wants_json {
        return Ok(Json(json!({
            "id": snippet.id,
            "language": snippet.language.tag,
            "highlighted": snippet.highlighted(),
            "published": snippet.published,
            "publish_at": snippet.publish_at.map(|at| at.to_string()),
        }))
        .into_response());
    }
    Ok(Html(page::snippet(&snippet, None)).into_response())
}

async fn plan(
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<PublishForm>,
) -> Result<Response, Problem> {
    let snippet = find(&web, &id).await?;
    match form.check() {
        Ok(at) => answer(&web, snippet.id, publish::plan(&web.app, &snippet, at).await?).await,
        Err(mistake) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page::snippet(&snippet, Some(&mistake)))).into_response())
        }
    }
}

async fn cancel(State(web): State<Web>, Path(id): Path<String>) -> Result<Response, Problem> {
    let snippet = find(&web, &id).await?;
    answer(&web, snippet.id, publish::cancel(&web.app, &snippet).await?).await
}

async fn answer(web: &Web, id: i64, answer: Answer) -> Result<Response, Problem> {
    if answer == Answer::Done {
        return Ok(Redirect::to(&format!("/snippets/{id}")).into_response());
    }
    let snippet = find(web, &id.to_string()).await?;
    let sorry = "Too late: nothing is planned any more, or it is being published right now.";
    Ok((StatusCode::CONFLICT, Html(page::snippet(&snippet, Some(sorry)))).into_response())
}

/// For checks: how many snippets there are, and what the service has seen.
async fn counts(State(web): State<Web>) -> Result<Response, Problem> {
    let (snippets, highlighted) = web.app.database.counts().await?;
    let seen = web.highlighter.seen();
    Ok(Json(json!({ "snippets": snippets, "highlighted": highlighted, "service": seen })).into_response())
}

async fn find(web: &Web, id: &str) -> Result<Snippet, Problem> {
    let id = id.parse().map_err(|_| Problem::NotFound)?;
    web.app.database.find(id).await?.ok_or(Problem::NotFound)
}

async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(CONTENT_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

/// Why there is no page.
#[derive(Debug)]
enum Problem {
    NotFound,
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Problem::Failed(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Problem::NotFound => (StatusCode::NOT_FOUND, Html(page::problem("There is no such page."))),
            Problem::Failed(error) => {
                tracing::error!("failed to answer: {error:#}");
                let sorry = "Something went wrong here. The log says what.";
                (StatusCode::INTERNAL_SERVER_ERROR, Html(page::problem(sorry)))
            }
        }
        .into_response()
    }
}
