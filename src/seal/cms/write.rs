//! A seal that is given a timestamp token.

use cms::signed_data::SignerInfos;
use der::{Any, Decode};

use super::attributes::{TIMESTAMP_TOKEN, attribute};
use super::read::Seal;
use super::signed_data::{encode, set_of_one};
use super::template::unwritable;
use crate::base::error::Result;

impl Seal {
    /// The seal as DER with a timestamp token, given as DER, over its signature value.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): the seal cannot be written.
    pub(crate) fn with_timestamp_token(&self, token: &[u8]) -> Result<Vec<u8>> {
        let build = || -> der::Result<Vec<u8>> {
            let token = Any::from_der(token)?;
            let mut signer = self.signed.signer.clone();
            signer.unsigned_attrs =
                Some(set_of_one(attribute(TIMESTAMP_TOKEN, &token)?)?);
            let mut data = self.signed.data.clone();
            data.signer_infos = SignerInfos(set_of_one(signer)?);
            encode(&data)
        };
        build().map_err(unwritable)
    }
}
