//! The fields of a job, and the attributes of serde that hold for arguments.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Error, Expr, ExprLit, ExprPath, Lit, Member, Meta, Result, Token, Type};

use crate::nearest::nearest;

/// One argument.
pub(crate) struct Field {
    pub(crate) member: Member,
    /// The name in errors; empty for a field without one.
    pub(crate) name: String,
    pub(crate) ty: Type,
    /// What makes the value of an argument that is not there: an expression that can be called.
    pub(crate) default: Option<TokenStream>,
}

const OBJECT_ONLY: &str = "a job's arguments are an array, one for each field, in order";

/// The fields of a struct, in order.
pub(crate) fn read(input: &DeriveInput) -> Result<Vec<Field>> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "Job can be derived for a struct only: make an enum the type of one of its fields",
        ));
    };
    if let Some(lifetime) = input.generics.lifetimes().next() {
        return Err(Error::new_spanned(
            lifetime,
            "a job outlives the code that pushes it and cannot borrow: use owned types, such as `String` for `&str`",
        ));
    }
    check_container(&input.attrs)?;
    let fields = data.fields.members().zip(&data.fields).map(|(member, field)| read_one(member, field));
    let fields = fields.collect::<Result<Vec<Field>>>()?;
    check_defaults_trail(&fields)?;
    Ok(fields)
}

/// The names by which attributes speak of fields: those without one are counted.
pub(crate) fn names(fields: &[Field]) -> Vec<String> {
    let name = |(at, field): (usize, &Field)| if field.name.is_empty() { at.to_string() } else { field.name.clone() };
    fields.iter().enumerate().map(name).collect()
}

/// What is wrong with a name, written like this, that no field has.
pub(crate) fn missing(name: &str, written: &str, fields: &[Field]) -> String {
    let names = names(fields);
    if names.is_empty() {
        return format!("`{written}` is no field of the job: it has none");
    }
    let meant = nearest(name, names.iter().map(String::as_str)).map(|field| format!("did you mean `{field}`? "));
    format!("`{written}` is no field of the job: {}fields are {}", meant.unwrap_or_default(), names.join(", "))
}

fn read_one(member: Member, field: &syn::Field) -> Result<Field> {
    if let Some(attribute) = field.attrs.iter().find(|attribute| attribute.path().is_ident("job")) {
        return Err(Error::new_spanned(attribute, "`#[job(…)]` stands on the struct, not on a field"));
    }
    let mut default = None;
    for meta in serde_metas(&field.attrs)? {
        let Some(name) = meta.path().get_ident().map(ToString::to_string) else { continue };
        match name.as_str() {
            "default" => default = Some(default_of(&meta)?),
            "flatten" => {
                let message = format!("`flatten` has no meaning here: {OBJECT_ONLY}; give the field as it is");
                return Err(Error::new_spanned(meta, message));
            }
            "skip" | "skip_serializing" | "skip_deserializing" | "skip_serializing_if" => {
                let message = format!(
                    "`{name}` would shift the arguments behind it: {OBJECT_ONLY}; leave the field out of the job, or \
                     make it an `Option`"
                );
                return Err(Error::new_spanned(meta, message));
            }
            "with" | "serialize_with" | "deserialize_with" | "getter" => {
                let message = format!(
                    "`{name}` is not supported on a job's field: wrap the value in a type of your own whose \
                     Serialize and Deserialize do it"
                );
                return Err(Error::new_spanned(meta, message));
            }
            _ => {}
        }
    }
    let name = field.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
    Ok(Field { member, name, ty: field.ty.clone(), default })
}

fn check_container(attributes: &[Attribute]) -> Result<()> {
    for meta in serde_metas(attributes)? {
        let Some(name) = meta.path().get_ident().map(ToString::to_string) else { continue };
        let instead = match name.as_str() {
            "tag" | "content" | "untagged" => "the class tells jobs apart: remove it",
            "default" => "put `#[serde(default)]` on the trailing fields that may be missing",
            "from" | "try_from" | "into" | "remote" => "give the job the other type as its field",
            _ => continue,
        };
        return Err(Error::new_spanned(meta, format!("`{name}` has no meaning here: {OBJECT_ONLY}; {instead}")));
    }
    Ok(())
}

/// An argument can only be missing when all behind it are missing too.
fn check_defaults_trail(fields: &[Field]) -> Result<()> {
    let Some(first) = fields.iter().position(|field| field.default.is_some()) else { return Ok(()) };
    match fields[first..].iter().find(|field| field.default.is_none() && !is_option(&field.ty)) {
        None => Ok(()),
        Some(later) => Err(Error::new_spanned(
            &later.ty,
            "this argument stands behind one with `#[serde(default)]`, which could then never be missing: move \
             fields with a default to the end",
        )),
    }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

fn serde_metas(attributes: &[Attribute]) -> Result<Vec<Meta>> {
    let mut metas = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        metas.extend(attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?);
    }
    Ok(metas)
}

/// `default`, or `default = "path::to::function"`.
fn default_of(meta: &Meta) -> Result<TokenStream> {
    match meta {
        Meta::Path(_) => Ok(quote!(::core::default::Default::default)),
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => {
                let path: ExprPath = path.parse()?;
                Ok(quote!(#path))
            }
            other => Err(Error::new_spanned(other, "a default is the path of a function, as a string")),
        },
        Meta::List(list) => Err(Error::new_spanned(list, "write `default` or `default = \"path::to::function\"`")),
    }
}
