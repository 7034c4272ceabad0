//! The fields of a recipient that a column of a table may hold.

/// A field of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RecipientField {
    /// The whole name as it is printed.
    Name,
    /// The given name, the first one in most languages.
    GivenName,
    /// Names between the given and the family name; a patronymic.
    MiddleName,
    /// The family name.
    FamilyName,
    /// A username or any other id of the recipient.
    Username,
    /// An e-mail address. It is known so that a message can name it, and never read.
    Email,
    /// The id of a course.
    Course,
    /// The language of the certificate.
    Language,
    /// The second language of the certificate.
    SecondLanguage,
    /// The grade.
    Grade,
    /// A degree, which stands after the name.
    Designation,
    /// The gender in which sentences speak of the recipient.
    Gender,
    /// The date of issue.
    Issued,
    /// The name of a layout.
    Layout,
    /// The name of a paper.
    Paper,
    /// A title before the name. It is known so that a message can name it, and never read.
    TitleBefore,
}

impl RecipientField {
    /// All fields.
    pub const ALL: [Self; 16] = [
        Self::Name,
        Self::GivenName,
        Self::MiddleName,
        Self::FamilyName,
        Self::Username,
        Self::Email,
        Self::Course,
        Self::Language,
        Self::SecondLanguage,
        Self::Grade,
        Self::Designation,
        Self::Gender,
        Self::Issued,
        Self::Layout,
        Self::Paper,
        Self::TitleBefore,
    ];

    /// Returns the name of the field, which is its key in a course's `recipients.columns`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::GivenName => "given_name",
            Self::MiddleName => "middle_name",
            Self::FamilyName => "family_name",
            Self::Username => "username",
            Self::Email => "email",
            Self::Course => "course",
            Self::Language => "language",
            Self::SecondLanguage => "second_language",
            Self::Grade => "grade",
            Self::Designation => "designation",
            Self::Gender => "gender",
            Self::Issued => "issued",
            Self::Layout => "layout",
            Self::Paper => "paper",
            Self::TitleBefore => "title_before",
        }
    }

    /// Returns the field of a key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == key)
    }

    /// Returns what people call the field.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::GivenName => "given name",
            Self::MiddleName => "middle name",
            Self::FamilyName => "family name",
            Self::Username => "username",
            Self::Email => "e-mail address",
            Self::Course => "course",
            Self::Language => "language",
            Self::SecondLanguage => "second language",
            Self::Grade => "grade",
            Self::Designation => "designation after the name",
            Self::Gender => "gender",
            Self::Issued => "date of issue",
            Self::Layout => "layout",
            Self::Paper => "paper",
            Self::TitleBefore => "title before the name",
        }
    }

    /// Whether the field is the name or a part of it.
    pub fn is_name(self) -> bool {
        matches!(self, Self::Name | Self::GivenName | Self::MiddleName | Self::FamilyName)
    }

    /// Whether a value of the field reaches a request.
    pub fn is_read(self) -> bool {
        !matches!(self, Self::Email | Self::TitleBefore)
    }
}
