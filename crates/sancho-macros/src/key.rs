//! `key = "product:{product_id}"`: what a job's key is made of.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Error, LitStr, Path, Result};

use crate::fields::{self, Field};

/// Bytes of a key: core refuses a longer one.
const KEY_BYTES_MAX: usize = 512;

/// A piece of a key.
enum Part<'a> {
    Text(String),
    Field(&'a Field),
}

/// The method that makes the key of a job.
pub(crate) fn method(format: &LitStr, fields: &[Field], krate: &Path) -> Result<TokenStream> {
    let parts = read(format, fields)?;
    let writes = parts.iter().map(|part| match part {
        Part::Text(text) => quote!(key.push_str(#text);),
        Part::Field(Field { member, ty, .. }) => quote_spanned! {format.span()=>
            <#ty as #krate::__private::KeyPart>::write_to(&self.#member, &mut key);
        },
    });
    Ok(quote! {
        fn key(&self) -> ::core::option::Option<::std::string::String> {
            let mut key = ::std::string::String::new();
            #(#writes)*
            ::core::option::Option::Some(key)
        }
    })
}

/// The fields that a key is made of.
pub(crate) fn fields_of<'a>(format: &LitStr, fields: &'a [Field]) -> Result<Vec<&'a Field>> {
    let parts = read(format, fields)?;
    let fields = parts.into_iter().filter_map(|part| match part {
        Part::Field(field) => Some(field),
        Part::Text(_) => None,
    });
    Ok(fields.collect())
}

/// Takes a format apart: text, fields in braces, and doubled braces for braces.
fn read<'a>(format: &LitStr, fields: &'a [Field]) -> Result<Vec<Part<'a>>> {
    let error = |message: String| Error::new(format.span(), message);
    let value = format.value();
    let (mut parts, mut text) = (Vec::new(), String::new());
    let mut rest = value.as_str();
    while let Some(brace) = rest.find(['{', '}']) {
        text.push_str(&rest[..brace]);
        let (one, two) = (&rest[brace..=brace], rest.get(brace..brace + 2));
        if two == Some("{{") || two == Some("}}") {
            text.push_str(one);
            rest = &rest[brace + 2..];
            continue;
        }
        let inside = &rest[brace + 1..];
        let end = if one == "{" { inside.find('}') } else { None };
        let Some(end) = end else {
            return Err(error(format!("`{one}` stands alone: write a field as `{{field}}`, and a brace twice")));
        };
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        parts.push(Part::Field(find(&inside[..end], fields).map_err(error)?));
        rest = &inside[end + 1..];
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    check(&parts).map_err(error)?;
    Ok(parts)
}

fn find<'a>(name: &str, fields: &'a [Field]) -> std::result::Result<&'a Field, String> {
    if name.contains(':') {
        return Err(format!("`{{{name}}}` has options of a format: name the field alone"));
    }
    let found = fields::names(fields).iter().position(|have| have == name);
    found.map(|at| &fields[at]).ok_or_else(|| fields::missing(name, &format!("{{{name}}}"), fields))
}

/// What core would refuse of every key: better refused here than at the first push.
fn check(parts: &[Part<'_>]) -> std::result::Result<(), String> {
    if parts.is_empty() {
        return Err("this key is empty: leave the option out for jobs without one".to_owned());
    }
    let texts = parts.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 });
    if texts.sum::<usize>() > KEY_BYTES_MAX {
        return Err(format!("a key has at most {KEY_BYTES_MAX} bytes: use a short one, such as \"product:{{id}}\""));
    }
    Ok(())
}
