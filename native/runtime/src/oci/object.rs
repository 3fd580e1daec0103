//! JSON objects whose members keep their bytes and order, read so that every other reader reads the same.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A JSON object without repeated members.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// What is wrong with a JSON text.
pub type Malformed = String;

impl<'a> Object<'a> {
    /// Reads an object of which `known` members matter. A member that another reader could take for one of them is
    /// refused: Go matches names without regard to case, and folds some letters outside ASCII.
    ///
    /// # Errors
    /// Not an object, a member twice, or a look-alike.
    pub fn parse(json: &'a [u8], known: &[&str]) -> Result<Self, Malformed> {
        let object: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        object.check(known)?;
        Ok(object)
    }

    fn check(&self, known: &[&str]) -> Result<(), Malformed> {
        let is_other_spelling = |name: &str| {
            !name.is_ascii() || known.iter().any(|known| *known != name && known.eq_ignore_ascii_case(name))
        };
        match self.members.iter().find(|(name, _)| is_other_spelling(name)) {
            Some((name, _)) => Err(format!("the member {name:?} could be taken for another")),
            None => Ok(()),
        }
    }

    /// The value of a member; `None` when it is absent or null, which mean the same in Go.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let (_, value) = self.members.iter().find(|(member, _)| member == name)?;
        (value.get() != "null").then_some(*value)
    }

    /// The value of a member as `T`.
    ///
    /// # Errors
    /// The member is there and no `T`.
    pub fn read<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, Malformed> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map(Some).map_err(|error| format!("{name}: {error}"))
    }

    /// The object in a member.
    ///
    /// # Errors
    /// It is no object, or refused as by [`Object::parse`].
    pub fn object(&self, name: &str, known: &[&str]) -> Result<Option<Self>, Malformed> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        Self::parse(raw.get().as_bytes(), known).map(Some).map_err(|error| format!("{name}: {error}"))
    }

    /// The objects in a member that is an array; none when it is absent.
    ///
    /// # Errors
    /// It is no array of objects, or one of them is refused as by [`Object::parse`].
    pub fn objects(&self, name: &str, known: &[&str]) -> Result<Vec<Self>, Malformed> {
        let elements: Vec<&RawValue> = self.read(name)?.unwrap_or_default();
        elements
            .into_iter()
            .map(|raw| Self::parse(raw.get().as_bytes(), known).map_err(|error| format!("{name}: {error}")))
            .collect()
    }

    /// The member that is an object with free names and texts as values.
    ///
    /// # Errors
    /// It is none, or has a name twice.
    pub fn texts(&self, name: &str) -> Result<BTreeMap<String, String>, Malformed> {
        let Some(object) = self.read::<Self>(name)? else { return Ok(BTreeMap::new()) };
        let text = |(key, raw): &(Cow<str>, &RawValue)| match serde_json::from_str(raw.get()) {
            Ok(value) => Ok((key.to_string(), value)),
            Err(error) => Err(format!("{name}: {key}: {error}")),
        };
        object.members.iter().map(text).collect()
    }

    /// The object as JSON, with the value of `name` replaced or, where there is none, added. Everything else keeps
    /// its bytes.
    #[must_use]
    pub fn with(&self, name: &str, json: &str) -> String {
        let mut text = String::from("{");
        let mut push = |name: &str, value: &str| {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&quote(name));
            text.push(':');
            text.push_str(value);
        };
        for (member, value) in &self.members {
            push(member, if member == name { json } else { value.get() });
        }
        if self.members.iter().all(|(member, _)| member != name) {
            push(name, json);
        }
        text.push('}');
        text
    }
}

/// A text as a JSON string.
#[must_use]
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A name without a copy where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<str>, &RawValue)> = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            if members.iter().any(|(earlier, _)| *earlier == name) {
                return Err(A::Error::custom(format!("the member {name:?} is there twice")));
            }
            members.push((name, value));
        }
        Ok(Object { members })
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Object<'_>, Malformed> {
        Object::parse(json.as_bytes(), &["args", "cwd"])
    }

    #[test]
    fn other_members_keep_their_bytes() {
        let json = r#"{"x": {"b":1.50, "a":[1e3,"\u00e4"]}, "args" : ["a"], "y":12345678901234567890}"#;
        let expected = r#"{"x":{"b":1.50, "a":[1e3,"\u00e4"]},"args":[],"y":12345678901234567890}"#;
        assert_eq!(parse(json).unwrap().with("args", "[]"), expected);
        assert_eq!(parse("{}").unwrap().with("args", "[1]"), r#"{"args":[1]}"#);
        assert_eq!(parse(r#"{"\"":1}"#).unwrap().with("args", "[]"), r#"{"\"":1,"args":[]}"#);
    }

    #[test]
    fn what_readers_read_differently_is_refused() {
        for json in [
            r#"{"args":[],"args":[]}"#,
            r#"{"args":[],"\u0061rgs":[]}"#,
            r#"{"args":[],"Args":[]}"#,
            r#"{"CWD":"/"}"#,
            r#"{"arg\u017f":[]}"#,
            "[]",
            r#"{"args":[]} x"#,
            r#"{"args":[],}"#,
            r#"{"args":[]"#,
            "",
            "\u{feff}{}",
        ] {
            assert!(parse(json).is_err(), "{json}");
        }
        assert!(Object::parse(b"{\"x\":\"\xff\"}", &[]).is_err());
        assert!(parse(r#"{"argsx":[],"X":1}"#).is_ok());
    }

    #[test]
    fn values() {
        let object =
            parse(r#"{"args":["\u0000\ud83d\ude00"],"cwd":null,"list":[{"cwd":1},{}],"map":{"\u00e4":"b"}}"#)
                .unwrap();
        assert_eq!(object.read::<Vec<String>>("args"), Ok(Some(vec!["\0\u{1f600}".to_owned()])));
        assert_eq!(object.read::<String>("cwd"), Ok(None));
        assert_eq!(object.read::<String>("none"), Ok(None));
        assert!(object.read::<String>("args").unwrap_err().starts_with("args: "));
        assert_eq!(object.objects("list", &["cwd"]).unwrap().len(), 2);
        assert!(object.objects("list", &["CWD"]).is_err());
        assert!(object.objects("args", &[]).is_err());
        assert!(object.object("cwd", &[]).unwrap().is_none());
        assert!(object.object("args", &[]).unwrap_err().starts_with("args: "));
        let nested = parse(r#"{"one":{"cwd":"b"}}"#).unwrap();
        assert_eq!(nested.object("one", &["cwd"]).unwrap().unwrap().read("cwd"), Ok(Some("b".to_owned())));
        assert!(nested.object("one", &["CWD"]).unwrap_err().starts_with("one: "));
        assert_eq!(object.texts("map").unwrap()["\u{e4}"], "b");
        assert!(object.texts("list").is_err());
        assert!(parse(r#"{"map":{"a":"b","a":"c"}}"#).unwrap().texts("map").is_err());
        assert!(parse(r#"{"map":{"a":1}}"#).unwrap().texts("map").is_err());
    }

    #[test]
    fn a_lone_surrogate_is_malformed() {
        assert!(parse(r#"{"args":["\ud83d"]}"#).unwrap().read::<Vec<String>>("args").is_err());
    }

    #[test]
    fn deep_nesting_ends() {
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        let _ = parse(&deep);
    }
}
