//! Proof with the real thing: the web pages in Debian's Chromium, each deed on SQLite and on a real Redis.
//!
//! `driver` is the process that drives Chromium, `page` one page in it; `site` is a store with its pages, `stock` what
//! is in it. The other modules are tests, each of one part of the pages.

#![forbid(unsafe_code)]

mod driver;
mod page;
mod site;
mod stock;

/// Makes tests of functions that take a [`Home`](site::Home): one on SQLite and one on Redis each.
macro_rules! on_each_store {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::site::Home::sqlite()).await;
            })+
        }

        mod on_redis {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::site::Home::redis()).await;
            })+
        }
    };
}

mod api;
mod axe;
mod busy;
mod crawl;
mod hostile;
mod job;
mod keyboard;
mod languages;
mod lists;
mod live;
mod plain;
mod queues;
mod safety;
