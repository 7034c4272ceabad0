//! A session with a token, in which the key was found.

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as TokenError, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;

use super::key::Pkcs11Key;
use super::module::{self, describe};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::seal::keys::Algorithm;

/// The most labels that a message lists.
const MAX_LISTED: usize = 10;

/// A key in a session that is logged in.
pub(super) struct OpenKey {
    session: Session,
    handle: ObjectHandle,
    algorithm: Algorithm,
    name: String,
}

/// A failed signature: whether the session is lost, so that another may succeed.
pub(super) enum Lost {
    Yes(Error),
    No(Error),
}

/// Why a key was not opened.
pub(super) enum OpenError {
    /// The token refuses the PIN, which is not tried again.
    Refused(Error),
    Failed(Error),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Refused(error) | OpenError::Failed(error) => error,
        }
    }
}

impl OpenKey {
    /// Opens a session, logs in and finds the key.
    pub(super) fn open(
        key: &Pkcs11Key,
        pin: &str,
        algorithm: Algorithm,
    ) -> Result<Self, OpenError> {
        let module = module::load(key.module())?;
        let (slot, info) = find_token(&module, key)?;
        let session = module
            .open_ro_session(slot)
            .map_err(|error| failure(key, "opened no session", &error))?;
        log_in(&session, &info, key, pin)?;
        let handle = find_key(&session, key, algorithm)?;
        Ok(Self { session, handle, algorithm, name: key.to_string() })
    }

    /// Signs data in the form that the mechanism takes.
    pub(super) fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Lost> {
        let mechanism = match self.algorithm {
            Algorithm::Rsa => Mechanism::RsaPkcs,
            _ => Mechanism::Ecdsa,
        };
        self.session.sign(&mechanism, self.handle, data).map_err(|error| {
            let is_lost = is_lost(&error);
            let message = format!("{} did not sign ({})", self.name, describe(&error));
            let error = Error::new(ErrorKind::Signer, message)
                .with_help("is the token there, and its service running?");
            if is_lost { Lost::Yes(error) } else { Lost::No(error) }
        })
    }
}

/// The token of that label, and what it says about itself.
fn find_token(module: &Pkcs11, key: &Pkcs11Key) -> Result<(Slot, TokenInfo)> {
    let failed = |error| failure(key, "cannot be looked for", &error);
    let mut found = Vec::new();
    let mut others = Vec::new();
    for slot in module.get_slots_with_token().map_err(failed)? {
        // Tokens that cannot be read are skipped: one may be pulled out meanwhile.
        let Ok(info) = module.get_token_info(slot) else { continue };
        if !info.token_initialized() {
            continue;
        }
        if info.label().trim_end() == key.token() {
            found.push((slot, info));
        } else {
            others.push(info.label().trim_end().to_owned());
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(found), true) => Ok(found),
        (Some(_), false) => {
            let message = format!("there are several tokens `{}`", key.token());
            Err(Error::new(ErrorKind::Key, message)
                .with_help("pull out all but one, or give each a label of its own"))
        }
        (None, _) => {
            let message = format!("there is no token `{}`", key.token());
            Err(Error::new(ErrorKind::Signer, message)
                .with_help(format!("the module has {}", list("token", &others))))
        }
    }
}

/// Logs in, unless this process is logged in already.
fn log_in(
    session: &Session,
    info: &TokenInfo,
    key: &Pkcs11Key,
    pin: &str,
) -> Result<(), OpenError> {
    let token = key.token();
    let refused = |what: &str| {
        let error = Error::new(ErrorKind::Key, format!("the token `{token}` {what}"));
        Err(OpenError::Refused(error.with_help(
            "the PIN is not tried again until the program is started anew, so that the token does \
             not lock",
        )))
    };
    let failed = |error| Err(OpenError::Failed(failure(key, "did not log in", &error)));
    let state = session
        .get_session_info()
        .map_err(|error| failure(key, "has no session", &error))?
        .session_state();
    if matches!(state, SessionState::RoUser | SessionState::RwUser)
        || !info.login_required()
    {
        return Ok(());
    }
    if info.user_pin_locked() {
        return refused("is locked: its security officer must set the PIN anew");
    }
    if info.user_pin_final_try() {
        return refused(
            "locks at the next wrong PIN: log in once by hand, with its own tools",
        );
    }
    // A keypad of the token's own takes the PIN, and no program sees it.
    let has_keypad = info.protected_authentication_path();
    if pin.is_empty() && !has_keypad {
        return refused("asks for a PIN, and none is given");
    }
    let pin = (!has_keypad).then(|| AuthPin::from(pin.to_owned()));
    match session.login(UserType::User, pin.as_ref()) {
        Ok(()) | Err(TokenError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(TokenError::Pkcs11(answer, function)) => match answer {
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
                refused("refuses the PIN")
            }
            RvError::PinLocked => {
                refused("is locked: its security officer must set the PIN anew")
            }
            RvError::PinExpired => refused("asks for another PIN: this one has ended"),
            RvError::UserPinNotInitialized => refused("has no PIN of its user yet"),
            answer => failed(TokenError::Pkcs11(answer, function)),
        },
        Err(error) => failed(error),
    }
}

/// The one private key that the labels name.
fn find_key(
    session: &Session,
    key: &Pkcs11Key,
    algorithm: Algorithm,
) -> Result<ObjectHandle> {
    let failed = |error| failure(key, "cannot be looked for", &error);
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(key.label().map(|label| Attribute::Label(label.into())));
    template.extend(key.id().map(|id| Attribute::Id(id.into())));
    let found = session.find_objects(&template).map_err(failed)?;
    let [handle] = found[..] else {
        let all = session.find_objects(&template[..1]).map_err(failed)?;
        let labels: Vec<String> =
            all.iter().take(MAX_LISTED + 1).map(|one| name(session, *one)).collect();
        let what = if found.is_empty() { "there is no" } else { "there are several for" };
        let message = format!("{what} private key: {key}");
        return Err(Error::new(ErrorKind::Key, message).with_help(format!(
            "give its label or its id: the token has {}",
            list("private key", &labels)
        )));
    };
    let wanted = match algorithm {
        Algorithm::Rsa => KeyType::RSA,
        _ => KeyType::EC,
    };
    let asked =
        [AttributeType::KeyType, AttributeType::Sign, AttributeType::AlwaysAuthenticate];
    let unusable =
        |why: &str| Err(Error::new(ErrorKind::Key, format!("{key} cannot seal ({why})")));
    for attribute in session.get_attributes(handle, &asked).map_err(failed)? {
        match attribute {
            Attribute::KeyType(found) if found != wanted => {
                return unusable("it is of another kind than its certificate's");
            }
            Attribute::Sign(false) => return unusable("it is not for signing"),
            Attribute::AlwaysAuthenticate(true) => {
                return unusable("it asks for the PIN before each signature");
            }
            _ => {}
        }
    }
    Ok(handle)
}

/// A key's label and id, for messages.
fn name(session: &Session, key: ObjectHandle) -> String {
    let asked = [AttributeType::Label, AttributeType::Id];
    let attributes = session.get_attributes(key, &asked).unwrap_or_default();
    let mut words = Vec::new();
    for attribute in attributes {
        match attribute {
            Attribute::Label(label) if !label.is_empty() => {
                let label = String::from_utf8_lossy(&label);
                words.push(format!("`{}`", label.escape_debug()));
            }
            Attribute::Id(id) if !id.is_empty() => {
                words.push(format!("(id {})", hex::lower(&id)));
            }
            _ => {}
        }
    }
    if words.is_empty() { "one without a label".to_owned() } else { words.join(" ") }
}

/// The names of the tokens or keys that were found, for a message.
fn list(what: &str, names: &[String]) -> String {
    match names {
        [] => format!("no {what}"),
        names => {
            let rest = if names.len() > MAX_LISTED { ", …" } else { "" };
            let shown = &names[..names.len().min(MAX_LISTED)];
            format!("{}{rest}", shown.join(", "))
        }
    }
}

/// Whether an answer says that the session is gone, and not that the request is wrong.
fn is_lost(error: &TokenError) -> bool {
    matches!(
        error,
        TokenError::Pkcs11(
            RvError::CryptokiNotInitialized
                | RvError::DeviceError
                | RvError::DeviceRemoved
                | RvError::GeneralError
                | RvError::FunctionFailed
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::SessionClosed
                | RvError::SessionHandleInvalid
                | RvError::SlotIdInvalid
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::UserNotLoggedIn,
            _
        )
    )
}

fn failure(key: &Pkcs11Key, what: &str, error: &TokenError) -> Error {
    Error::new(ErrorKind::Signer, format!("{key} {what} ({})", describe(error)))
        .with_help("is the token there, and its service running?")
}
