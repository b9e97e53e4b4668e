//! The names by which payloads know classes: their own, and those that they had before.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use sancho_core::Invalid;

use super::Entry;

/// Adds each class under its aliases too.
///
/// # Errors
/// [`Invalid`], when a name would mean two classes.
pub(super) fn add_aliases<S>(entries: &mut HashMap<Cow<'static, str>, Arc<Entry<S>>>) -> Result<(), Invalid> {
    let mut classes: Vec<_> = entries.values().filter(|entry| !entry.options.aliases.is_empty()).cloned().collect();
    // In an order of its own, so that the same mistake is told in the same words each time.
    classes.sort_by_key(|entry| entry.class);
    for entry in classes {
        for &alias in entry.options.aliases {
            match entries.get(alias).and_then(|holder| holder.class) {
                Some(holder) if Some(holder) == entry.class => {}
                Some(holder) => return Err(collision(entry.class.unwrap_or_default(), alias, holder)),
                None => _ = entries.insert(alias.into(), Arc::clone(&entry)),
            }
        }
    }
    Ok(())
}

fn collision(class: &str, alias: &str, holder: &str) -> Invalid {
    if alias == holder {
        return Invalid::new(format!(
            "{class} has the alias {alias}, and a class of that name is registered too: remove the alias, or do not \
             register {alias}"
        ));
    }
    Invalid::new(format!("{class} and {holder} both have the alias {alias}: remove it from one of them"))
}
