//! `redact` and `redact(card_number, errors)`: what is not shown of a job.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Member, Path, Result, Token, parenthesized};

use crate::fields::{self, Field};
use crate::key;

/// The word that hides what errors say.
const ERRORS: &str = "errors";

/// What the attribute says.
pub(crate) enum Redacted {
    Everything,
    These(Vec<Member>),
}

pub(crate) fn read(meta: &ParseNestedMeta<'_>) -> Result<Redacted> {
    if meta.input.peek(Token![=]) {
        return Err(meta.error("write redact, which hides everything, or redact(field, other_field, errors)"));
    }
    if !meta.input.peek(syn::token::Paren) {
        return Ok(Redacted::Everything);
    }
    let content;
    parenthesized!(content in meta.input);
    let these = Punctuated::<Member, Token![,]>::parse_terminated(&content)?;
    if these.is_empty() {
        return Err(meta.error("this hides nothing: name fields, or leave the parentheses out to hide everything"));
    }
    Ok(Redacted::These(these.into_iter().collect()))
}

/// The constant of the trait.
pub(crate) fn constant(
    redacted: &Redacted,
    fields: &[Field],
    key: Option<&LitStr>,
    krate: &Path,
) -> Result<TokenStream> {
    let declared = quote!(#krate::core::Redact);
    let (places, value) = match redacted {
        Redacted::Everything => ((0..fields.len()).collect(), quote!(#declared::EVERYTHING)),
        Redacted::These(these) => {
            let (places, errors) = places(these, fields)?;
            let and_errors = errors.then(|| quote!(.and_errors()));
            let value = quote!(#declared::arguments(&[#(#places),*]) #and_errors);
            (places, value)
        }
    };
    if let Some(format) = key {
        check_key(format, fields, &places)?;
    }
    Ok(quote!(const REDACT: #declared = #value;))
}

/// The places of what is named, in order, and whether errors are.
fn places(these: &[Member], fields: &[Field]) -> Result<(Vec<usize>, bool)> {
    let (mut places, mut errors) = (Vec::new(), false);
    for (at, member) in these.iter().enumerate() {
        let name = name_of(member);
        if these[..at].iter().any(|other| name_of(other) == name) {
            return Err(Error::new_spanned(member, format!("`{name}` is given twice")));
        }
        let place = fields::names(fields).iter().position(|field| *field == name);
        errors |= name == ERRORS;
        match place {
            Some(place) => places.push(place),
            None if name == ERRORS => {}
            None => return Err(Error::new_spanned(member, fields::missing(&name, &name, fields))),
        }
    }
    places.sort_unstable();
    Ok((places, errors))
}

fn name_of(member: &Member) -> String {
    match member {
        Member::Named(ident) => ident.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// A key is shown wherever the job is.
fn check_key(format: &LitStr, fields: &[Field], places: &[usize]) -> Result<()> {
    for field in key::fields_of(format, fields)? {
        let place = fields.iter().position(|other| other.member == field.member);
        if place.is_some_and(|place| places.contains(&place)) {
            let name = name_of(&field.member);
            let message = format!("the key would show `{name}`, which is hidden: make it of other fields");
            return Err(Error::new(format.span(), message));
        }
    }
    Ok(())
}
