//! Migrations are embedded: a new one must build the binary anew.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
    println!("cargo:rerun-if-changed=../../infra/roles.sql");
}
