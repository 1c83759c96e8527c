//! What may be typed of an experience and of a broadcast.

use kernel::Result;
use kernel::error::Faults;

/// Fewer letters are no transcript of a programme.
const SHORTEST_TRANSCRIPT: usize = 200;

/// Title and story of an experience.
pub(crate) fn experience(title: &str, story: &str) -> Result<(String, String)> {
    let mut faults = Faults::default();
    let title = faults.needed("title", title, 160, "Escriba cómo se llama la experiencia");
    let sluggish = title.is_empty() || !kernel::text::slug(&title).is_empty();
    faults.require(sluggish, "title", "FORM", "Necesita al menos una letra o un número");
    let story = faults.needed("story", story, 8000, "Cuente qué hicieron, con quién y qué cambió");
    faults.into_result()?;
    Ok((title, story))
}

/// Why an experience was taken or not.
pub(crate) fn reason(typed: &str) -> Result<String> {
    let mut faults = Faults::default();
    let reason = faults.needed("reason", typed, 1000, "Escriba la razón: la lee el municipio");
    faults.into_result()?;
    Ok(reason)
}

/// What a published broadcast needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) summary: String,
    pub(crate) video_url: String,
    pub(crate) transcript: String,
}

/// Checks a broadcast that is to be published: without its transcript whoever does not hear is left out.
pub(crate) fn published(summary: &str, video_url: &str, transcript: &str) -> Result<Published> {
    let mut faults = Faults::default();
    let summary = faults.needed("summary", summary, 600, "Escriba de qué trata el programa");
    let video_url = faults.needed("videoUrl", video_url, 400, "Escriba la dirección del video");
    let safe = video_url.strip_prefix("https://").is_some_and(|rest| rest.contains('.'))
        && !video_url.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'<>\\".contains(c));
    faults.require(video_url.is_empty() || safe, "videoUrl", "FORM", "Escriba una dirección como https://www.ejemplo.gov.co/video");
    let missing = "Pegue la transcripción: sin ella el programa no se publica, porque quien no oye se quedaría sin él";
    let transcript = faults.needed("transcript", transcript, 60_000, missing);
    let long = transcript.is_empty() || transcript.chars().count() >= SHORTEST_TRANSCRIPT;
    faults.require(long, "transcript", "LENGTH", "Es muy corta para ser la transcripción de un programa: pegue todo lo que se dice");
    faults.into_result()?;
    Ok(Published { summary, video_url, transcript })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_transcript_nothing_is_published() {
        let said = "Buenas tardes. ".repeat(20);
        assert!(published("Un programa", "https://video.example/1", &said).is_ok());
        for (video, text) in [
            ("https://video.example/1", ""),
            ("https://video.example/1", "Corto"),
            ("http://video.example", said.as_str()),
            ("javascript:alert(1)", &said),
        ] {
            assert!(published("Un programa", video, text).is_err(), "{video}");
        }
    }
}
