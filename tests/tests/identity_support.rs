#[path = "../suite/resets.rs"]
mod resets;
#[path = "../suite/tickets.rs"]
mod tickets;
