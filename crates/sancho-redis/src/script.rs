//! The scripts, each with the shared part in front.

use redis::Script;

macro_rules! scripts {
    ($($name:ident),*) => {
        /// Every script of the store, hashed once.
        pub(crate) struct Scripts {
            $(pub(crate) $name: Script,)*
        }

        impl Scripts {
            pub(crate) fn new() -> Self {
                Scripts {
                    $($name: Script::new(concat!(
                        include_str!("lua/common.lua"),
                        include_str!(concat!("lua/", stringify!($name), ".lua"))
                    )),)*
                }
            }
        }
    };
}

scripts!(push, exchange, promote, beat, retire, take_over, checkpoint, act, find, meet, prune);

impl std::fmt::Debug for Scripts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripts")
    }
}

/// The arguments of a script, in order.
#[derive(Debug, Default)]
pub(crate) struct Args(Vec<Vec<u8>>);

impl Args {
    pub(crate) fn new() -> Self {
        Args::default()
    }

    /// Adds a text or bytes.
    pub(crate) fn put(&mut self, value: impl AsRef<[u8]>) -> &mut Self {
        self.0.push(value.as_ref().to_vec());
        self
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, value: impl ToString) -> &mut Self {
        self.put(value.to_string())
    }

    pub(crate) fn as_slice(&self) -> &[Vec<u8>] {
        &self.0
    }
}
