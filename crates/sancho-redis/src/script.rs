//! The scripts, each with the parts that it shares with others in front.

use redis::Script;

macro_rules! scripts {
    ($($name:ident: $first:literal $($part:literal)*;)*) => {
        /// Every script of the store, hashed once.
        pub(crate) struct Scripts {
            $(pub(crate) $name: Script,)*
        }

        impl Scripts {
            pub(crate) fn new() -> Self {
                Scripts {
                    $($name: Script::new(concat!(
                        $first,
                        $(include_str!(concat!("lua/", $part, ".lua")),)*
                        include_str!(concat!("lua/", stringify!($name), ".lua"))
                    )),)*
                }
            }
        }
    };
}

// Only a push and a checkpoint ask for room, so that Redis refuses them whole when its memory is full: whatever
// gives room back, or keeps a process alive, has to pass then.
scripts! {
    push: "#!lua\n";
    push_keyed: "#!lua\n" "common" "index" "place";
    exchange: "#!lua flags=allow-oom\n";
    settle: "#!lua flags=allow-oom\n" "common" "index" "place" "claim";
    promote: "#!lua flags=allow-oom\n" "common" "index" "place";
    beat: "#!lua flags=allow-oom\n" "common" "sizes";
    retire: "#!lua flags=allow-oom\n" "common";
    take_over: "#!lua flags=allow-oom\n" "common";
    checkpoint: "#!lua\n" "common";
    act: "#!lua flags=allow-oom\n" "common" "index";
    find: "#!lua flags=no-writes\n" "common";
    holder: "#!lua flags=allow-oom\n" "common" "index";
    search: "#!lua flags=no-writes\n" "common";
    mend: "#!lua flags=allow-oom\n" "common" "index";
    stats: "#!lua flags=no-writes\n" "common" "sizes";
    queues: "#!lua flags=no-writes\n" "common";
    forget: "#!lua flags=allow-oom\n" "common";
    meet: "#!lua flags=allow-oom\n" "common";
    prune: "#!lua flags=allow-oom\n" "common" "index";
    purge: "#!lua flags=allow-oom\n" "common" "index" "place";
    processes: "#!lua flags=no-writes\n" "common";
    others: "#!lua flags=no-writes\n" "common";
    order: "#!lua flags=allow-oom\n" "common";
    histograms: "#!lua flags=no-writes\n" "common";
    mark: "#!lua flags=allow-oom\n" "common";
}

impl std::fmt::Debug for Scripts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripts")
    }
}

/// The arguments of a script, in order, one behind the other in one buffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Args {
    pub(crate) fn new() -> Self {
        Args::default()
    }

    /// Room for so many arguments of so many bytes in all.
    pub(crate) fn with_capacity(count: usize, bytes: usize) -> Self {
        Args { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(count) }
    }

    /// Adds a text or bytes.
    pub(crate) fn put(&mut self, value: impl AsRef<[u8]>) -> &mut Self {
        self.put_parts(&[value.as_ref()])
    }

    /// Adds one argument made of parts.
    pub(crate) fn put_parts(&mut self, parts: &[&[u8]]) -> &mut Self {
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.ends.push(self.bytes.len());
        self
    }

    /// Adds a number that is not negative: the quick way, for the many of an exchange.
    pub(crate) fn count(&mut self, value: u64) -> &mut Self {
        let (mut digits, mut first, mut rest) = ([0; 20], 20, value);
        loop {
            first -= 1;
            digits[first] = b'0' + u8::try_from(rest % 10).expect("a digit");
            rest /= 10;
            if rest == 0 {
                return self.put(&digits[first..]);
            }
        }
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, value: impl std::fmt::Display) -> &mut Self {
        use std::io::Write;
        write!(self.bytes, "{value}").expect("memory can be written to");
        self.ends.push(self.bytes.len());
        self
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of all of them.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Takes away all but the first so many.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// Each of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}
