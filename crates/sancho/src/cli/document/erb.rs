//! What of ERB a configuration needs: `<%= … %>` with variables of the environment, and comments.
//!
//! The lines stay where they are, so that what is said of a line is true of the file. Nothing is executed: an
//! expression is one of a few forms, and any other is refused with what to write instead.

mod expression;

use super::Refusal;
use crate::cli::variables::Variables;

/// The text with every `<%= … %>` replaced by its value.
pub(super) fn evaluated(text: &str, variables: &Variables) -> Result<String, Refusal> {
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("<%") {
        let (before, tag) = rest.split_at(at);
        done.push_str(before);
        let line = 1 + done.matches('\n').count();
        if let Some(after) = tag.strip_prefix("<%%") {
            done.push_str("<%");
            rest = after;
            continue;
        }
        let Some(end) = tag.find("%>") else {
            return Err(Refusal::new(line, "this <% has no %> after it"));
        };
        let inside = &tag[2..end];
        rest = &tag[end + 2..];
        let is_comment = done.rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with('#'));
        if !inside.starts_with('#') && !is_comment {
            let value = value(inside, variables).map_err(|reason| Refusal::new(line, reason))?;
            done.push_str(&value);
        }
        // A tag that goes over lines leaves as many.
        done.extend(std::iter::repeat_n('\n', inside.matches('\n').count()));
    }
    done.push_str(rest);
    Ok(done)
}

fn value(inside: &str, variables: &Variables) -> Result<String, String> {
    let code = inside.trim_start_matches('-').trim_end_matches('-');
    let Some(code) = code.strip_prefix('=') else {
        return Err(format!("<%{inside}%> is Ruby, which is not executed: {}", expression::FORMS));
    };
    let value = expression::evaluate(code.trim(), variables)?;
    if value.contains('\n') {
        return Err(format!("<%{inside}%> has a line break in its value: a setting stands on one line"));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Refusal> {
        let variables = Variables::from([("N", "7"), ("EMPTY", ""), ("TWO", "a\nb"), ("NAME", "eu")]);
        evaluated(text, &variables)
    }

    #[test]
    fn variables_are_read_in_the_forms_that_configurations_use() {
        for (text, want) in [
            ("c: <%= ENV['N'] %>", "c: 7"),
            ("c: <%= ENV[\"NONE\"] %>.", "c: ."),
            ("c: <%= ENV['NONE'] || 10 %>", "c: 10"),
            ("c: <%= ENV['EMPTY'] || 10 %>", "c: "),
            ("c: <%= ENV['EMPTY'].presence || 10 %>", "c: 10"),
            ("c: <%= (ENV['N'] || 10).to_i %>", "c: 7"),
            ("c: <%= ENV['NONE'].to_i %>", "c: 0"),
            ("c: <%= Integer(ENV.fetch('N')) %>", "c: 7"),
            ("c: <%= ENV.fetch('N', 10) %>", "c: 7"),
            ("c: <%=ENV.fetch(\"NONE\",\"d\")%>", "c: d"),
            ("c: <%= ENV.fetch(\"NONE\") { 5 } -%>", "c: 5"),
            ("c: <%= ENV.fetch('NONE') { ENV['N'] } %>", "c: 7"),
            ("c: <%= ENV.fetch('NONE', ENV.fetch('N', '1')).to_i %>", "c: 7"),
            ("<%# a comment %>c: 1", "c: 1"),
            ("# <%= Rails.env %>\nc: <%= nil %>", "# \nc: "),
            ("c: '<%%= x'", "c: '<%= x'"),
            ("q: <%= ENV['NAME'] %>,<%= ENV['N'] %>", "q: eu,7"),
            ("<%#\n two\n lines %>c: 1", "\n\nc: 1"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn other_ruby_is_refused_with_its_line_and_what_to_write() {
        for (text, line, said) in [
            ("a: 1\nc: <%= Rails.env %>", 2, "<%= ENV"),
            ("<% if ENV['N'] %>\nc: 1\n<% end %>", 1, "not executed"),
            ("\n\nc: <%= ENV['N'", 3, "has no %>"),
            ("c: <%= ENV.fetch('NONE') %>", 1, "NONE is not set"),
            ("c: <%= ENV['TWO'] %>", 1, "line break"),
            ("c: <%= Integer(ENV['NAME']) %>", 1, "no whole number"),
            ("c: <%= ENV['N'] * 2 %>", 1, "ENV"),
            ("c: <%= `reboot` %>", 1, "ENV"),
            ("c: <%= %>", 1, "ENV"),
            ("c: <%= ENV['N %>", 1, "ENV"),
            (&format!("c: <%= {}1 %>", "(".repeat(100_000)), 1, "deep"),
        ] {
            let refusal = read(text).expect_err(text);
            assert_eq!(refusal.line, line, "{refusal:?}");
            assert!(refusal.reason.contains(said), "{said}: {refusal:?}");
        }
    }
}
