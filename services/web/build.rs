//! The asset folder is made by npm; a checkout without it still compiles and serves pages without a sheet.

fn main() {
    let dist = std::path::Path::new("assets/dist");
    if !dist.exists() {
        let _ = std::fs::create_dir_all(dist);
    }
    println!("cargo:rerun-if-changed=assets/dist");
    println!("cargo:rerun-if-changed=pages");
    for capability in [
        "identity",
        "site",
        "plan",
        "agreements",
        "training",
        "committee",
        "tramites",
        "cases",
        "support",
        "visits",
        "circulars",
        "incentives",
        "handover",
    ] {
        let _ = std::fs::create_dir_all(format!("../{capability}/pages"));
        println!("cargo:rerun-if-changed=../{capability}/pages");
    }
}
