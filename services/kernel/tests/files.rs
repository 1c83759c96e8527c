//! What the file store promises, asked of a folder and of an S3 server that checks signatures.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail the test")]

use std::path::Path;

use axum::{Router, error_handling::HandleError, http::StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use kernel::files::{Error, FileKey, Files, S3Config, Store, collect, content_hash};
use s3s::{HttpError, auth::SimpleAuth, service::S3ServiceBuilder};
use tempfile::tempdir;
use uuid::Uuid;

macro_rules! both_twins {
    ($($name:ident)*) => {
        mod in_a_folder {
            $(#[tokio::test] async fn $name() {
                let folder = super::tempdir().unwrap();
                super::$name(&super::Store::folder(&folder.path().join("files")).unwrap()).await;
            })*
        }
        mod in_s3 {
            $(#[tokio::test] async fn $name() {
                let folder = super::tempdir().unwrap();
                super::$name(&super::Store::s3(&super::server(folder.path()).await).unwrap()).await;
            })*
        }
    };
}

both_twins! {
    what_was_put_comes_back_with_its_type_and_length
    putting_again_replaces_content_and_type
    what_is_absent_is_not_found
    deleting_what_is_gone_is_no_fault
    a_large_object_streams_in_parts
    what_comes_as_a_stream_is_kept_whole
    what_breaks_off_leaves_nothing
    a_part_is_given_alone
    a_listing_holds_the_folder_and_what_is_below_it_by_name
    a_pending_object_moves_to_its_place_with_its_type
    tenants_see_only_their_own_objects
    an_object_never_moves_to_another_tenant
    a_content_type_of_more_than_one_line_is_refused
}

const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn key(name: &str) -> FileKey {
    FileKey::new(ONE, name).unwrap()
}

async fn put(files: &dyn Files, key: &FileKey) {
    files.put(key, Bytes::from_static(b"hola"), "text/plain").await.unwrap();
}

async fn names(files: &dyn Files, tenant: Uuid, folder: &str) -> Vec<String> {
    files.list(tenant, folder).await.unwrap().into_iter().map(|meta| meta.key.name().to_owned()).collect()
}

async fn what_was_put_comes_back_with_its_type_and_length(files: &dyn Files) {
    files.put(&key("media/a.txt"), Bytes::from_static(b"se\xc3\xb1or\0"), "text/plain; charset=utf-8").await.unwrap();
    let (content, meta) = files.get(&key("media/a.txt")).await.unwrap();
    assert_eq!(collect(content).await.unwrap(), &b"se\xc3\xb1or\0"[..]);
    assert_eq!((meta.size, meta.content_type.as_deref()), (7, Some("text/plain; charset=utf-8")));
    assert_eq!(files.head(&key("media/a.txt")).await.unwrap(), meta);
    assert!(meta.modified.year() >= 2026);
}

async fn putting_again_replaces_content_and_type(files: &dyn Files) {
    put(files, &key("a")).await;
    files.put(&key("a"), Bytes::new(), "image/png").await.unwrap();
    let (content, meta) = files.get(&key("a")).await.unwrap();
    assert_eq!((collect(content).await.unwrap().len(), meta.content_type.as_deref()), (0, Some("image/png")));
}

async fn what_is_absent_is_not_found(files: &dyn Files) {
    assert!(matches!(files.get(&key("absent")).await, Err(Error::NotFound)));
    assert!(matches!(files.head(&key("absent")).await, Err(Error::NotFound)));
    assert!(matches!(files.rename(&key("absent"), &key("place")).await, Err(Error::NotFound)));
    assert!(names(files, ONE, "absent").await.is_empty());
}

async fn deleting_what_is_gone_is_no_fault(files: &dyn Files) {
    put(files, &key("a")).await;
    for _ in 0..2 {
        files.delete(&key("a")).await.unwrap();
        assert!(matches!(files.head(&key("a")).await, Err(Error::NotFound)));
    }
}

async fn a_large_object_streams_in_parts(files: &dyn Files) {
    let large: Bytes = (0..10 << 20).map(|at: u32| (at >> 7) as u8).collect();
    files.put(&key("large"), large.clone(), "application/pdf").await.unwrap();
    let (content, meta) = files.get(&key("large")).await.unwrap();
    let parts: Vec<Bytes> = content.map(Result::unwrap).collect().await;
    assert!(parts.len() > 1);
    assert_eq!(content_hash(&parts.concat()), content_hash(&large));
    assert_eq!(meta.size, 10 << 20);
}

async fn what_comes_as_a_stream_is_kept_whole(files: &dyn Files) {
    for size in [1, 300_000, 11 << 20] {
        let whole: Bytes = (0..size).map(|at: u32| (at >> 7) as u8).collect();
        let chunks: Vec<_> = whole.chunks(70_001).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        files.put_stream(&key("stream"), futures::stream::iter(chunks).boxed(), "application/pdf").await.unwrap();
        let (content, meta) = files.get(&key("stream")).await.unwrap();
        assert_eq!((meta.size, meta.content_type.as_deref()), (u64::from(size), Some("application/pdf")));
        assert_eq!(content_hash(&collect(content).await.unwrap()), content_hash(&whole));
    }
}

async fn what_breaks_off_leaves_nothing(files: &dyn Files) {
    for chunks in [1, 200] {
        let come = (0..chunks).map(|_| Ok(Bytes::from(vec![7; 64 << 10]))).chain([Err(Error::BrokenOff)]);
        let kept = files.put_stream(&key("broken"), futures::stream::iter(come.collect::<Vec<_>>()).boxed(), "image/png").await;
        assert!(matches!(kept, Err(Error::BrokenOff)), "{kept:?}");
        assert!(matches!(files.head(&key("broken")).await, Err(Error::NotFound)));
    }
    assert!(names(files, ONE, "").await.is_empty());
}

async fn a_part_is_given_alone(files: &dyn Files) {
    put(files, &key("a")).await;
    assert_eq!(collect(files.get_part(&key("a"), 1..3).await.unwrap()).await.unwrap(), &b"ol"[..]);
    assert!(matches!(files.get_part(&key("absent"), 0..1).await, Err(Error::NotFound)));
}

async fn a_listing_holds_the_folder_and_what_is_below_it_by_name(files: &dyn Files) {
    for name in ["pending/b", "pending/a/c", "pending-not", "media/a"] {
        put(files, &key(name)).await;
    }
    assert_eq!(names(files, ONE, "pending").await, ["pending/a/c", "pending/b"]);
    assert_eq!(names(files, ONE, "").await, ["media/a", "pending-not", "pending/a/c", "pending/b"]);
    assert!(matches!(files.list(ONE, "../x").await, Err(Error::Name(_))));
    assert_eq!(files.list(ONE, "media").await.unwrap()[0].size, 4);
}

async fn a_pending_object_moves_to_its_place_with_its_type(files: &dyn Files) {
    put(files, &key("pending/a")).await;
    files.put(&key("media/a"), Bytes::new(), "image/png").await.unwrap();
    files.rename(&key("pending/a"), &key("media/a")).await.unwrap();
    let (content, meta) = files.get(&key("media/a")).await.unwrap();
    assert_eq!((&collect(content).await.unwrap()[..], meta.content_type.as_deref()), (&b"hola"[..], Some("text/plain")));
    assert_eq!(names(files, ONE, "").await, ["media/a"]);
}

async fn tenants_see_only_their_own_objects(files: &dyn Files) {
    put(files, &key("media/a")).await;
    assert!(matches!(files.get(&FileKey::new(OTHER, "media/a").unwrap()).await, Err(Error::NotFound)));
    assert!(names(files, OTHER, "").await.is_empty());
    files.delete(&FileKey::new(OTHER, "media/a").unwrap()).await.unwrap();
    assert_eq!(names(files, ONE, "").await, ["media/a"]);
}

async fn an_object_never_moves_to_another_tenant(files: &dyn Files) {
    put(files, &key("media/a")).await;
    assert!(matches!(files.rename(&key("media/a"), &FileKey::new(OTHER, "media/a").unwrap()).await, Err(Error::Tenant)));
}

async fn a_content_type_of_more_than_one_line_is_refused(files: &dyn Files) {
    for content_type in ["", "text/plain\r\nx-amz-acl: public-read", "text/señal"] {
        assert!(matches!(files.put(&key("a"), Bytes::new(), content_type).await, Err(Error::ContentType(_))));
    }
}

#[test]
fn a_name_that_could_leave_its_tenant_or_its_alphabet_is_refused() {
    for name in ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "ñ", "a b", "a\\b", "a%2fb", "a#1", "a\0", "a\n"] {
        assert!(matches!(FileKey::new(ONE, name), Err(Error::Name(_))), "{name:?}");
    }
    let key = FileKey::new(ONE, "media/Foto_1-a.b.jpg").unwrap();
    assert_eq!(key.to_string(), "t/00000000-0000-0000-0000-000000000001/media/Foto_1-a.b.jpg");
}

#[test]
fn a_content_hash_is_sha256_in_hexadecimal() {
    assert_eq!(content_hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[tokio::test]
async fn s3_refuses_who_has_the_wrong_secret_and_the_secret_is_never_shown() {
    let folder = tempdir().unwrap();
    let right = server(folder.path()).await;
    let wrong = Store::s3(&S3Config { secret: "guessed".into(), ..right.clone() }).unwrap();
    assert!(matches!(wrong.put(&key("a"), Bytes::new(), "text/plain").await, Err(Error::Store(_))));
    assert!(names(&Store::s3(&right).unwrap(), ONE, "").await.is_empty());
    assert!(!format!("{right:?}").contains("the secret"));
}

#[tokio::test]
async fn s3_out_of_reach_is_an_error_and_not_an_absence() {
    let config = S3Config { endpoint: "http://127.0.0.1:9".to_owned(), ..server(tempdir().unwrap().path()).await };
    let away = Store::s3(&config).unwrap();
    assert!(matches!(away.head(&key("a")).await, Err(Error::Store(_))));
}

/// An S3 server of the test's own over `folder`, with one bucket.
async fn server(folder: &Path) -> S3Config {
    std::fs::create_dir(folder.join("bucket")).unwrap();
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
    service.set_auth(SimpleAuth::from_single("access", "the secret"));
    let service = HandleError::new(service.build(), |_: HttpError| async { StatusCode::INTERNAL_SERVER_ERROR });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback_service(service)).await });
    S3Config {
        endpoint,
        bucket: "bucket".to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "access".to_owned(),
        secret: "the secret".into(),
        allow_http: true,
    }
}
