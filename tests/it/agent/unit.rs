//! The systemd unit: its steps, its user and its signals.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::judges::output;

use super::setup::{AgentSite, Program, get, post, request, until};

const UNIT: &str = include_str!("../../../docs/testamur.service");
/// A user and a group that no account has.
const USER: &str = "64123";

#[test]
fn systemd_finds_no_fault_in_the_unit() {
    let root = tempfile::tempdir().unwrap();
    let unit = root.path().join("etc/systemd/system/testamur.service");
    let program = root.path().join("usr/local/bin/testamur");
    let kill = root.path().join("bin/kill");
    for file in [&unit, &program, &kill] {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, UNIT).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(&unit, fs::Permissions::from_mode(0o644)).unwrap();
    let verify = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .arg(format!("--root={}", root.path().display()))
        .arg("testamur.service")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verify.stderr).into_owned();
    assert!(verify.status.success() && said.is_empty(), "{said}");
}

/// The steps at the head of the unit, for a site in a folder, with a user of its own.
fn steps(site: &Path) -> Vec<String> {
    let lines = UNIT.lines().take_while(|line| line.starts_with('#'));
    let lines = lines.filter_map(|line| line.strip_prefix("#   "));
    let text = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let text = text.replace("/srv/certificates", site.to_str().unwrap());
    let text = text.replace(
        "--reuid testamur --regid testamur --init-groups",
        &format!("--reuid {USER} --regid {USER} --clear-groups"),
    );
    let text = text.replace("chown -R testamur:", &format!("chown -R {USER}:{USER}"));
    let text = text.replace(
        "/etc/testamur.env",
        &format!("{}/testamur.env", site.parent().unwrap().display()),
    );
    text.lines().filter(|line| !line.starts_with("useradd")).map(str::to_owned).collect()
}

/// A fresh site by the documented steps is one that the unit's command line serves as its user.
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn documented_steps_make_a_site_that_the_units_user_serves() {
    if !output(Command::new("id").arg("-u")).starts_with("0\n") {
        eprintln!("skipped: only root can become another user");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("testamur");
    fs::copy(env!("CARGO_BIN_EXE_testamur"), &program).unwrap();
    let site = folder.path().join("site");
    let path = std::env::var("PATH").unwrap();
    let steps = steps(&site);
    assert!(steps.len() >= 4, "{steps:?}");
    let run = |script: &str| {
        let mut command = Command::new("sh");
        command.arg("-euc").arg(script).current_dir(folder.path());
        command.env("PATH", format!("{}:{path}", folder.path().display()));
        command.env_remove("TESTAMUR_SITE").env_remove("TESTAMUR_FONTS");
        command
    };
    let done = run(&steps.join("\n")).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() && said.contains("are in order"), "{said}\n{steps:#?}");
    let serve = format!(
        "set -a; . ./testamur.env; set +a; export TESTAMUR_AGENT__HTTP__LISTEN=127.0.0.1:0; \
         exec setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs \
         testamur --site {} agent",
        site.display()
    );
    let mut agent = Program::start(run(&serve));
    let token = fs::read_to_string(site.join("keys/token")).unwrap();
    let ask = Command::new("curl")
        .args(["-sS", "-H", &format!("Authorization: Bearer {}", token.trim())])
        .args(["-d", &request("ada").to_string()])
        .arg(format!("http://{}/certificates?wait=60", agent.address()))
        .output()
        .unwrap();
    let answer = String::from_utf8_lossy(&ask.stdout).into_owned();
    assert!(answer.contains("\"issued\""), "{answer}");
    agent.terminate();
    assert_eq!(agent.code(), 0, "{}", agent.log());
}

/// SIGHUP, by which systemd reloads, reads the site anew; SIGTERM ends the agent.
#[test]
fn hangup_reloads_the_site_and_ends_nothing() {
    let site = AgentSite::new();
    let mut agent = Program::start(site.http_command());
    let at = agent.address();
    for round in 1..3 {
        let id = agent.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
        until("the site is reloaded", || {
            agent.log().matches("the site is reloaded").count() == round
        });
    }
    assert_eq!(get(&at, "/readyz").json(), serde_json::json!({ "ready": true }));
    // A site with errors on disk is told of, while the one before serves.
    site.0.write("site/courses/broken.yaml", "a: [\n");
    site.0.write("site/courses.yaml", "a: [\n");
    until("the fault is told", || {
        get(&at, "/readyz").body.contains("\"faults\":[\"site\"]")
    });
    assert_eq!(get(&at, "/readyz").status, 200);
    assert!(get(&at, "/metrics").body.contains("testamur_site_up 0\n"));
    let response = post(&at, "/certificates?wait=60", &request("ada"));
    assert_eq!(response.status, 201, "{response:?}");
    agent.terminate();
    assert_eq!(agent.code(), 0, "{}", agent.log());
}
