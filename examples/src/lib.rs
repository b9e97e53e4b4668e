//! The examples stand beside this file, one idea each; see the folder listing.

#![forbid(unsafe_code)]
