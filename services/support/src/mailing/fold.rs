//! What is new in a mail, apart from what it quotes and how it is signed. Nothing is thrown away: the whole stays beside it.

/// A mail's text, with what is new in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Folded {
    /// What is new; the whole where nothing is quoted.
    pub(crate) new: String,
    /// The whole text, where more stands in it than what is new.
    pub(crate) whole: Option<String>,
}

/// The longest word of a conversation.
const WORD: usize = 8000;
/// The longest line that marks an earlier mail.
const MARK: usize = 500;
/// The longest text that is kept.
const WHOLE: usize = 99_000;

/// Parts what is new from what is quoted.
pub(crate) fn fold(text: &str) -> Folded {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut new: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if ends_it(&lines[at..]) {
            break;
        }
        if line.starts_with('>') {
            // Who is quoted stands before the quotation, on a line or two.
            drop_attribution(&mut new);
        } else {
            new.push(line);
        }
        at += 1;
    }
    // The last line before a quotation that has no marks of its own.
    drop_attribution(&mut new);
    let said = new.join("\n").trim().to_owned();
    let text = text.trim();
    let said = if said.is_empty() { text.to_owned() } else { said };
    let cut = first(&said, WORD);
    let same = words(&cut) == words(text);
    Folded { whole: (!same).then(|| first(text, WHOLE)), new: cut }
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// The first letters of a text, with a mark where there are more.
fn first(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 3).chain("[…]".chars()).collect()
}

/// Whether everything from here on is a signature or an earlier mail.
fn ends_it(lines: &[&str]) -> bool {
    let line = lines[0].trim();
    // What marks an earlier mail is short.
    if line.len() > MARK {
        return false;
    }
    let plain = kernel::search::plain(line);
    let signature = lines[0] == "--"
        || ["enviado desde mi ", "sent from my ", "obtener outlook para ", "get outlook for "].iter().any(|word| plain.starts_with(word));
    let ruled = line.starts_with("-----")
        && ["mensaje original", "original message", "mensaje reenviado", "forwarded message"].iter().any(|word| plain.contains(word));
    signature || ruled || attribution(lines) || heads(lines)
}

/// `El lun, 23 nov 2026 a las 10:42, Mesa de ayuda (<…>) escribió:`, which may run over two lines, with an unmarked quotation behind it.
fn attribution(lines: &[&str]) -> bool {
    let length = attribution_length(lines);
    length > 0 && lines[length..].iter().find(|line| !line.trim().is_empty()).is_some_and(|next| !next.starts_with('>'))
}

fn attribution_length(lines: &[&str]) -> usize {
    let plain = |line: &str| if line.len() > MARK { String::new() } else { kernel::search::plain(line.trim()) };
    let begins = plain(lines[0]);
    if !(begins.starts_with("el ") || begins.starts_with("on ")) || !lines[0].contains(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    let ends = |line: &str| ["escribio:", "wrote:"].iter().any(|word| plain(line).ends_with(word));
    (0..lines.len().min(3)).find(|at| ends(lines[*at])).map_or(0, |at| at + 1)
}

/// The heads of an earlier mail, as Outlook puts them: `De: …`, `Enviado el: …`, `Para: …`.
fn heads(lines: &[&str]) -> bool {
    let is = |line: &&str, words: &[&str]| {
        let plain = kernel::search::plain(line.trim().trim_start_matches('*'));
        line.len() <= MARK && words.iter().any(|word| plain.starts_with(word))
    };
    lines.first().is_some_and(|line| is(line, &["de:", "from:"]))
        && lines.iter().skip(1).take(4).any(|line| is(line, &["enviado:", "enviado el:", "fecha:", "sent:", "date:"]))
        && lines.iter().skip(1).take(5).any(|line| is(line, &["para:", "to:", "asunto:", "subject:"]))
}

/// Takes away the line or two that say who is quoted.
fn drop_attribution(new: &mut Vec<&str>) {
    let end = new.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |at| at + 1);
    for back in 1..=3.min(end) {
        if attribution_length(&new[end - back..end]) == back {
            new.truncate(end - back);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    fn new(text: &str) -> String {
        fold(text).new
    }

    #[test]
    fn an_answer_above_what_it_quotes_stands_alone() {
        let mail = "Ya lo reduje, gracias.\n\nEl lun, 23 nov 2026 a las 10:42, Mesa de ayuda\n(<soporte@cabildo.example>) escribió:\n\n> ¿Puede reducirlo?\n> Pesa 14 MB\n";
        let folded = fold(mail);
        assert_eq!(folded.new, "Ya lo reduje, gracias.");
        assert_eq!(folded.whole.as_deref(), Some(mail.trim()));
    }

    #[test]
    fn an_answer_below_or_between_is_kept_too() {
        assert_eq!(new("On Mon, 23 Nov 2026, Mesa wrote:\n> ¿Puede?\nSí.\n> ¿Hoy?\nMañana."), "Sí.\nMañana.");
    }

    #[test]
    fn outlook_and_ruled_quotations_end_the_new_part() {
        assert_eq!(new("Listo.\n\nDe: Mesa <a@b.co>\nEnviado el: lunes\nPara: Rosa\nAsunto: X\n\n¿Puede?"), "Listo.");
        assert_eq!(new("Listo.\n-----Mensaje original-----\nDe: Mesa\n¿Puede?"), "Listo.");
        assert_eq!(new("Listo.\n\nEl 23/11/2026, Mesa escribió:\n¿Puede reducirlo?"), "Listo.");
    }

    #[test]
    fn signatures_are_folded() {
        assert_eq!(new("No carga.\n-- \nRosa Pulido\nSecretaría de Gobierno"), "No carga.");
        assert_eq!(new("No carga.\n\nEnviado desde mi iPhone"), "No carga.");
    }

    #[test]
    fn what_quotes_nothing_is_whole_and_what_is_all_quotation_too() {
        for mail in
            ["No carga.\n\nPesa 14 MB.", "El 3 de noviembre publiqué el acta:\nno se ve.", "De: ahora en adelante, ¿a quién escribo?"]
        {
            let folded = fold(mail);
            assert_eq!((folded.new.as_str(), &folded.whole), (mail, &None));
        }
        assert_eq!(fold("> todo\n> citado").new, "> todo\n> citado");
    }

    #[test]
    fn a_very_long_mail_is_cut_where_it_is_shown_first_and_kept_behind() {
        let folded = fold(&"palabra ".repeat(3000));
        assert_eq!(folded.new.chars().count(), 8000);
        assert!(folded.whole.is_some_and(|whole| whole.len() > 20_000));
        assert!(fold(&"a".repeat(200_000)).whole.is_some_and(|whole| whole.chars().count() <= 100_000));
    }
}
