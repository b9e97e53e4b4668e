//! Arguments that are easily spoiled on their way.

/// As Ruby's JSON library writes them: whoever reads this and writes it again has the same text.
///
/// Text beyond ASCII, a slash, separators of JavaScript, control characters; integers beyond 64 bits and beyond a
/// float's precision; floats in each of their forms; nothing, nested and empty things.
pub(crate) const NASTY: [&str; 10] = [
    "\"é ü 日本語 😀 / <b>&amp;</b> \u{2028}\u{2029} \u{7f} \\\" \\\\ \\n\\t\\r\\b\\f \\u0000\\u001b\"",
    "1180591620717411303424,-1180591620717411303424,9007199254740993,18446744073709551615,-9223372036854775808,0,-7",
    "1.0,-0.0,0.1,100.0,2.5,100000000000000.0,1.0e+15,1.0e+20,1.5e-07,0.0001,1.0e-05,1.7976931348623157e+308",
    "5.0e-324,1.234567890123456e+15,1795214985.0633442,123456789.12345679",
    "[],{},null,true,false,\"\"",
    "[[1,[2.5,[]],[[[[]]]]],{\"a\":{\"b\":[{},{\"c\":null}]}}]",
    "{\"z\":1,\"a\":2,\"é\":\"ü\",\"\":0,\"jid\":\"nested\",\"queue\":\"nested\",\"class\":\"Nested\"}",
    "\"2026-11-20T22:49:35.777Z\",\"1e5\",\"null\",\"[]\"",
    "\"{\\\"class\\\":\\\"Fake\\\",\\\"args\\\":[]}\",\"%s %d\",\"#{1 + 1}\",\"$1 * ? [a] \\\\*\"",
    "{\"_aj_globalid\":\"gid://app/Person/5\",\"_aj_symbol_keys\":[\"a\"]}",
];

/// The arguments of a job that does what `how` says, with everything of [`NASTY`] behind it.
pub(crate) fn nasty_args(how: &str) -> String {
    format!("[\"{how}\",{}]", NASTY.join(","))
}
