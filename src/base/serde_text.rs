//! Serde for types that are written as one text, such as dates.

/// Implements `Serialize` by a type's [`Display`](std::fmt::Display), and `Deserialize` by its
/// `parse`.
macro_rules! serde_by_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S>(&self, serializer: S) -> Result<S::Ok, S::Error>
            where
                S: serde::Serializer,
            {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D>(deserializer: D) -> Result<Self, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                let fault = |error: crate::base::error::Error| {
                    serde::de::Error::custom(error.message())
                };
                Self::parse(&text).map_err(fault)
            }
        }
    };
}

pub(crate) use serde_by_text;
