//! The fields of a form, of which several may have one name.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;

use crate::failure::Failure;
use crate::text;

/// Bytes of a form: a page full of jobs that were picked has less.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// The fields of a form that was sent, or of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field of this name; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(it, _)| it == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every field of this name, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The field of this name as a number.
    pub(crate) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.get(name).parse().ok()
    }
}

impl From<Vec<(String, String)>> for Fields {
    fn from(fields: Vec<(String, String)>) -> Self {
        Fields(fields)
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let body = axum::body::to_bytes(request.into_body(), FORM_BYTES_MAX).await;
        let body = body.map_err(|_| {
            let said = format!("the form has more than {FORM_BYTES_MAX} bytes, or did not arrive");
            Failure::invalid("failure.form").in_detail(said).with(StatusCode::PAYLOAD_TOO_LARGE)
        })?;
        Ok(Fields(text::query(&String::from_utf8_lossy(&body))))
    }
}
