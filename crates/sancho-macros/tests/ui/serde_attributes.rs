use sancho::Job;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Inner {
    a: u8,
}

#[derive(Job, Serialize, Deserialize)]
struct Flat {
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Job, Serialize, Deserialize)]
struct Skipping {
    a: u8,
    #[serde(skip)]
    b: u8,
}

#[derive(Job, Serialize, Deserialize)]
#[serde(tag = "type")]
struct Tagged {
    a: u8,
}

#[derive(Job, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DefaultAll {
    a: u8,
}

impl Default for DefaultAll {
    fn default() -> Self {
        DefaultAll { a: 1 }
    }
}

#[derive(Job)]
struct With {
    #[serde(with = "elsewhere")]
    a: u8,
}

#[derive(Job, Serialize, Deserialize)]
struct DefaultBefore {
    #[serde(default)]
    a: u8,
    b: Option<u8>,
    c: u8,
}

fn main() {}
