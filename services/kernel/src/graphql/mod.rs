//! What every capability's GraphQL shares: scalars, connections, payloads, the request, guards, reference types.

pub mod connection;
pub mod dependency;
pub mod file;
pub mod guard;
pub mod municipality;
pub mod payload;
pub mod request;
pub mod scalar;

pub use connection::{PageInfo, Paging};
pub use dependency::{Dependency, Official};
pub use file::File;
pub use guard::Can;
pub use municipality::{Department, Municipality, PopulationBand};
pub use request::Cx;
pub use scalar::{DateTime, LocalDate};

/// What resolvers return. `?` on a [`crate::Error`] keeps it as the error's source; the door turns it into code and message.
pub type GqlResult<T> = std::result::Result<T, async_graphql::Error>;

/// Gives an error of a resolver its stable code and its message in Spanish; what broke is logged once and told to nobody.
pub fn explain(error: &mut async_graphql::ServerError, request_id: &str) {
    let (code, message, retry_after) = match error.source::<crate::Error>() {
        Some(fault) => (fault.code(), spoken(fault), if let crate::Error::Throttled(seconds) = fault { Some(*seconds) } else { None }),
        // Errors without a source of ours come from the engine: they are about the request.
        None if error.source.is_none() => match error.message.as_str() {
            "Query is too complex." => ("TOO_COMPLEX", "La consulta pide demasiado de una vez.".to_owned(), None),
            "Query is nested too deep." => ("TOO_COMPLEX", "La consulta baja demasiados niveles.".to_owned(), None),
            _ => ("BAD_REQUEST", error.message.clone(), None),
        },
        None => ("INTERNAL", BROKEN.to_owned(), None),
    };
    if code == "INTERNAL" {
        let detail = error.source::<crate::Error>().map_or_else(|| error.message.clone(), ToString::to_string);
        tracing::error!(request_id, path = ?error.path, detail, "a request broke");
        metrics::counter!("cabildo_faults_total").increment(1);
    }
    error.message = message;
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    if let Some(seconds) = retry_after {
        extensions.set("retryAfter", seconds);
    }
}

const BROKEN: &str = "Algo falló de nuestro lado. Ya quedó registrado.";

fn spoken(error: &crate::Error) -> String {
    match error {
        crate::Error::Unauthenticated => "Inicie sesión para continuar.".to_owned(),
        crate::Error::Forbidden => "Su rol no permite hacer esto.".to_owned(),
        crate::Error::NotFound => "No existe o ya no está aquí.".to_owned(),
        crate::Error::Throttled(seconds) => format!("Demasiados intentos. Espere {seconds} segundos."),
        crate::Error::BadRequest(why) => why.to_string(),
        crate::Error::Rejected(faults) => faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join(" "),
        crate::Error::Constraint(_) | crate::Error::Broken(_) => BROKEN.to_owned(),
    }
}
