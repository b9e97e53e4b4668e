//! The implementation that the derive writes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, LitStr, Path, Result, Token, parse_quote};

use crate::fields::{self, Field};
use crate::key;
use crate::options::{Options, Setting};
use crate::redact;

/// `impl Job` for a struct.
pub(crate) fn job(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields::read(input)?;
    let Options { class, krate, key, redacted, settings } = Options::read(&input.attrs)?;
    let ident = &input.ident;
    let class = class.unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span()));
    check_aliases(&class, &settings)?;
    let class_options = options(&settings, &krate);
    let key_method = key.as_ref().map(|format| key::method(format, &fields, &krate)).transpose()?;
    let redacted =
        redacted.as_ref().map(|redacted| redact::constant(redacted, &fields, key.as_ref(), &krate)).transpose()?;
    let (to_args, from_args) = (to_args(&fields, &krate), from_args(&fields, &krate));

    let mut generics = input.generics.clone();
    if generics.type_params().next().is_some() {
        let clause = generics.make_where_clause();
        for Field { ty, .. } in &fields {
            clause.predicates.push(parse_quote!(#ty: #krate::__private::Argument));
        }
        let in_key = key.as_ref().map(|format| key::fields_of(format, &fields)).transpose()?;
        for Field { ty, .. } in in_key.into_iter().flatten() {
            clause.predicates.push(parse_quote!(#ty: #krate::__private::KeyPart));
        }
        clause.predicates.push(parse_quote!(Self: ::core::marker::Send + 'static));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Job for #ident #type_generics #where_clause {
            const CLASS: &'static str = #class;

            #redacted

            fn options() -> #krate::JobOptions {
                #class_options
            }

            #key_method

            fn to_args(&self) -> ::core::result::Result<::std::string::String, #krate::ArgsError> {
                #to_args
            }

            fn from_args(args: &str) -> ::core::result::Result<Self, #krate::ArgsError> {
                #from_args
            }
        }
    })
}

/// A class is known by its own name anyway.
fn check_aliases(class: &LitStr, settings: &[Setting]) -> Result<()> {
    let aliases =
        settings.iter().flat_map(|setting| if let Setting::Aliases(names) = setting { &names[..] } else { &[] });
    match aliases.into_iter().find(|name| name.value() == class.value()) {
        Some(name) => Err(Error::new(name.span(), "this is the class's own name: an alias is another one")),
        None => Ok(()),
    }
}

fn options(settings: &[Setting], krate: &Path) -> TokenStream {
    let defaults = quote!(<#krate::JobOptions as ::core::default::Default>::default());
    if settings.is_empty() {
        return defaults;
    }
    let settings = settings.iter().map(|setting| setting.statement(krate));
    quote! {
        let mut options = #defaults;
        #(#settings)*
        options
    }
}

/// `mut`, unless there is nothing to write or read: the code would draw a warning.
fn mutable(fields: &[Field]) -> Option<Token![mut]> {
    (!fields.is_empty()).then(<Token![mut]>::default)
}

fn to_args(fields: &[Field], krate: &Path) -> TokenStream {
    let writes = fields.iter().map(|Field { member, ty, .. }| {
        // The span of the type makes the compiler point at the field whose type cannot be written.
        quote_spanned!(ty.span()=> #krate::__private::ArgsWriter::arg::<#ty>(&mut writer, &self.#member)?;)
    });
    let mutable = mutable(fields);
    quote! {
        let #mutable writer = #krate::__private::ArgsWriter::new();
        #(#writes)*
        ::core::result::Result::Ok(writer.finish())
    }
}

fn from_args(fields: &[Field], krate: &Path) -> TokenStream {
    let reads = fields.iter().map(|Field { member, name, ty, default }| match default {
        Some(default) => quote_spanned! {ty.span()=>
            #member: #krate::__private::ArgsReader::defaulted::<#ty>(&mut reader, #name, #default)?
        },
        None => quote_spanned! {ty.span()=>
            #member: #krate::__private::ArgsReader::required::<#ty>(&mut reader, #name)?
        },
    });
    let mutable = mutable(fields);
    quote! {
        static EXTRA_ARGUMENTS: ::std::sync::Once = ::std::sync::Once::new();
        let #mutable reader = #krate::__private::ArgsReader::new(args)?;
        let job = Self { #(#reads),* };
        reader.finish(<Self as #krate::Job>::CLASS, &EXTRA_ARGUMENTS);
        ::core::result::Result::Ok(job)
    }
}
