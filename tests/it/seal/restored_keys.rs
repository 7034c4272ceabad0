//! Keys that are put back from a copy that is older than a revocation: what is published counts.

use testamur::site::{KeyPublication, Keys};

use super::site::now;
use crate::workdir::Workdir;
use crate::workdir::school::{self, done, run};

/// A site that has issued one certificate, a backup of its keys from before it revoked them, and
/// that backup put back.
fn restored() -> Workdir {
    let workdir = school::site();
    workdir.write("pass.txt", "correct horse battery\n");
    done(&workdir, &["issue", "-n", "Ada Lovelace"]);
    done(&workdir, &["render", "-n", "Ada", "--format", "pdf", "-o", "draft.pdf"]);
    let pass = ["--passphrase-file", "pass.txt"];
    done(&workdir, &[&["key", "backup", "k.age"][..], &pass].concat());
    std::fs::copy(workdir.path("school/keys/1/root.crl"), workdir.path("old.crl"))
        .unwrap();
    let since = ["--since", "2026-05-14T09:30:00Z", "--yes"];
    done(&workdir, &[&["key", "revoke"][..], &since].concat());
    std::fs::remove_dir_all(workdir.path("school/keys")).unwrap();
    let put_back = run(&workdir, &[&["key", "restore", "k.age"][..], &pass].concat());
    assert_eq!(put_back.code, 0, "{put_back:?}");
    assert!(put_back.stderr.contains("is revoked since"), "{}", put_back.stderr);
    workdir
}

/// The published list, as openssl reads it: its number, and how many it has revoked.
fn published(workdir: &Workdir) -> (u64, usize) {
    let names = workdir.names("school/public/keys");
    let name = names.iter().find(|name| name.ends_with(".crl")).unwrap();
    let mut command = assert_cmd::Command::new("openssl");
    command.args(["crl", "-inform", "DER", "-noout", "-text", "-in"]);
    command.arg(workdir.path("school/public/keys").join(name));
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let number = text.split("CRL Number:").nth(1).unwrap().split_whitespace().next();
    (number.unwrap().parse().unwrap(), text.matches("Serial Number:").count())
}

#[test]
fn revoked_key_that_is_put_back_seals_nothing_on_any_road() {
    let workdir = restored();
    workdir.write("many.csv", "name\nAda One\nBob Two\nCyd Three\nDan Four\nEve Five\n");
    let old = workdir.read("old.crl");
    // Also where the folder of keys is as it was in the backup, as one that is only read stays.
    for is_old in [false, true] {
        for line in [
            &["issue", "-n", "Revoked Key Used"][..],
            &["issue", "-f", "many.csv"],
            &["render", "--seal", "-n", "Ada", "--format", "pdf", "-o", "x.pdf"],
            &["seal", "draft", "draft.pdf", "-o", "sealed.pdf"],
            &["seal", "upgrade", "--all"],
        ] {
            if is_old {
                workdir.write("school/keys/1/root.crl", &old);
            }
            let refused = run(&workdir, line);
            assert_ne!(refused.code, 0, "{line:?}: {refused:?}");
            assert!(
                refused.stderr.contains("is revoked since"),
                "{line:?}: {}",
                refused.stderr
            );
        }
        assert_eq!(workdir.names("school/public/cert").len(), 1);
        for file in ["x.pdf", "sealed.pdf"] {
            assert!(!workdir.path(file).exists(), "{file}");
        }
    }
}

#[test]
fn published_revocation_is_never_replaced_by_a_list_without_it() {
    let workdir = restored();
    let (number, revoked) = published(&workdir);
    assert_eq!(revoked, 1);
    done(&workdir, &["key", "publish"]);
    let (next, revoked) = published(&workdir);
    assert_eq!(revoked, 1);
    assert!(next > number, "{next} follows {number}");
    done(&workdir, &["key", "rotate"]);
    done(&workdir, &["issue", "-n", "Bob Byron"]);
    let (last, revoked) = published(&workdir);
    assert_eq!(revoked, 1);
    assert!(last >= next);

    // Two lists of which each has what the other lacks are united, whichever lies in the folder.
    let folder = workdir.path("school/keys");
    let file = folder.join("2/root.crl");
    let (days, now) = (KeyPublication::default(), now().plus_days(1));
    let base = std::fs::read(&file).unwrap();
    Keys::revoke(&folder, Some(2), None, &days, now).unwrap();
    let with_leaf = std::fs::read(&file).unwrap();
    std::fs::write(&file, &base).unwrap();
    Keys::renew_crl(&folder, None, &days, &|_| Ok(None), now).unwrap();
    Keys::renew_crl(&folder, None, &days, &|_| Ok(None), now).unwrap();
    let without_leaf = std::fs::read(&file).unwrap();
    for (own, other) in [(&with_leaf, &without_leaf), (&without_leaf, &with_leaf)] {
        std::fs::write(&file, own).unwrap();
        Keys::take_over_crls(&folder, &days, &|_| Ok(Some(other.clone())), now).unwrap();
        let united = std::fs::read(&file).unwrap();
        assert!(united != *own && united != *other);
        let keys = Keys::open(&folder, now).unwrap();
        let fault = keys.check_revocation().unwrap_err();
        assert!(fault.to_string().contains("is revoked since"), "{fault}");
    }
}

#[test]
fn verify_asks_the_published_list_of_the_site() {
    let workdir = restored();
    let ids = workdir.names("school/public/downloads");
    let pdf = format!("school/public/downloads/{}/Certificate.pdf", ids[0]);
    let old = workdir.read("old.crl");
    for (line, is_good) in
        [(&["verify", &pdf][..], false), (&["verify", "--offline", &pdf], false)]
    {
        workdir.write("school/keys/1/root.crl", &old);
        let found = run(&workdir, line);
        assert_eq!(found.code == 0, is_good, "{line:?}: {found:?}");
    }
}

/// A published list that cannot be read may be the one that revoked the key.
#[test]
fn published_list_that_cannot_be_read_is_not_taken_for_none() {
    let workdir = school::site();
    done(&workdir, &["issue", "-n", "Ada Lovelace"]);
    let folder = "school/public/keys";
    let list = workdir.names(folder).into_iter().find(|it| it.ends_with(".crl")).unwrap();
    let list = format!("{folder}/{list}");
    let ids = workdir.names("school/public/downloads");
    let pdf = format!("school/public/downloads/{}/Certificate.pdf", ids[0]);
    let verify = |more: &[&str]| run(&workdir, &[&["verify", &pdf][..], more].concat());
    assert_eq!(verify(&[]).code, 0);
    let whole = workdir.read(&list);
    for broken in [b"broken".to_vec(), Vec::new(), whole[..whole.len() - 1].to_vec()] {
        workdir.write(&list, broken);
        let told = verify(&[]);
        let text = String::from_utf8_lossy(&told.stdout);
        assert_eq!(told.code, 3, "{text}");
        assert!(text.starts_with("status unknown: "), "{text}");
        assert!(text.contains("not a CRL of this root"), "{text}");
        let offline = verify(&["--offline"]);
        assert_eq!(offline.code, 0);
        assert!(offline.stderr.contains("not a CRL of this root"), "{}", offline.stderr);
        // The root's key goes only once its published list has been read.
        let refused = run(&workdir, &["key", "rotate", "--root"]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("nothing is changed"), "{}", refused.stderr);
        assert!(workdir.path("school/keys/1/root.key.pem").exists());
    }
    done(&workdir, &["key", "rotate", "--root", "--yes"]);
    assert!(!workdir.path("school/keys/1/root.key.pem").exists());
}

/// A backup has all files of the folder of keys, such as those of GnuPG that a migration put there.
#[test]
fn backup_has_the_files_beside_the_sets() {
    let workdir = school::site();
    workdir.write("pass.txt", "correct horse battery\n");
    let files = [
        ("openpgp.passphrase", "secret"),
        ("gnupg/pubring.kbx", "ring"),
        ("gnupg/private-keys-v1.d/AB.key", "key"),
    ];
    for (name, text) in files {
        workdir.write(&format!("school/keys/{name}"), text);
    }
    workdir.write("school/keys/gnupg/.#lk0x1", "lock");
    workdir.write("school/testamur.yaml", {
        let settings = workdir.read("school/testamur.yaml");
        let more =
            "\nseal:\n  pdf:\n    key: elsewhere.key\n    chain: keys/1/seal.pem\n";
        format!("{}{more}", String::from_utf8(settings).unwrap())
    });
    let pass = ["--passphrase-file", "pass.txt"];
    let written = done(&workdir, &[&["key", "backup", "k.age"][..], &pass].concat());
    assert!(written.stderr.contains("`elsewhere.key` is not in"), "{}", written.stderr);
    assert!(!written.stderr.contains("`keys/1/seal.pem` is not"), "{}", written.stderr);
    let restore = [&["key", "restore", "k.age", "--keys", "other"][..], &pass].concat();
    run(&workdir, &restore);
    for (name, text) in files {
        assert_eq!(workdir.read(format!("other/{name}")), text.as_bytes(), "{name}");
    }
    assert!(!workdir.path("other/gnupg/.#lk0x1").exists());
    // What differs is not replaced, and nothing is written.
    workdir.write("other/gnupg/pubring.kbx", "another");
    std::fs::remove_file(workdir.path("other/openpgp.passphrase")).unwrap();
    let refused = run(&workdir, &restore);
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(!workdir.path("other/openpgp.passphrase").exists());
}
