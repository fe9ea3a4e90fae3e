//! A JSON file as a table: rows of a database export, or the days of LiteLLM's `/user/daily/activity`.

use serde_json::{Map, Value};

/// The names of the columns, and the cells of each row.
pub(super) type JsonRows = (Vec<String>, Vec<Vec<String>>);

type Object = Map<String, Value>;

/// Reads an array of objects, an object per line, or an object that contains such an array. `None` if it is not JSON.
pub(super) fn read(text: &str) -> Option<Result<JsonRows, String>> {
    text.trim_start().starts_with(['[', '{']).then(|| {
        let values = serde_json::Deserializer::from_str(text).into_iter::<Value>().collect::<Result<Vec<_>, _>>();
        let values = values.map_err(|error| format!("it is no JSON: {error}"))?;
        let objects = objects(values);
        let objects: Vec<Object> = objects.iter().flat_map(by_model).collect();
        if objects.is_empty() {
            return Err("it has no rows: export an array of objects, one for each line".to_owned());
        }
        Ok(table(&objects))
    })
}

fn objects(values: Vec<Value>) -> Vec<Object> {
    let mut all = Vec::new();
    for value in values {
        match value {
            Value::Array(rows) => all.extend(rows.into_iter().filter_map(object)),
            Value::Object(fields) => {
                let rows =
                    fields.values().find_map(|value| value.as_array().filter(|rows| rows.iter().any(Value::is_object)));
                match rows {
                    Some(rows) => all.extend(rows.iter().cloned().filter_map(object)),
                    None => all.push(fields),
                }
            }
            _ => {}
        }
    }
    all
}

fn object(value: Value) -> Option<Object> {
    if let Value::Object(fields) = value { Some(fields) } else { None }
}

/// A day of LiteLLM's answer as a row for each model; any other row unchanged.
fn by_model(row: &Object) -> Vec<Object> {
    let Some(models) = row.get("breakdown").and_then(|parts| parts.get("models")).and_then(Value::as_object) else {
        return vec![row.clone()];
    };
    let of = |(model, entry): (&String, &Value)| {
        let metrics = entry.get("metrics").unwrap_or(entry).as_object()?;
        let mut fields = metrics.clone();
        fields.insert("model".to_owned(), Value::from(model.as_str()));
        fields.insert("date".to_owned(), row.get("date").cloned().unwrap_or_default());
        Some(fields)
    };
    models.iter().filter_map(of).collect()
}

fn table(objects: &[Object]) -> JsonRows {
    let mut columns: Vec<String> = Vec::new();
    for name in objects.iter().flat_map(Map::keys) {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let cell = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let cells = |fields: &Object| columns.iter().map(|name| cell(fields.get(name))).collect();
    let rows = objects.iter().map(cells).collect();
    (columns, rows)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_from_every_shape() {
        let one = r#"{"a": 1.5e-05, "b": null}"#;
        for text in
            [one.to_owned(), format!("[{one}]"), format!("{one}\n{one}"), format!("{{\"n\": 1, \"data\": [{one}]}}")]
        {
            let (columns, rows) = read(&text).unwrap().unwrap();
            assert_eq!((columns.join(","), rows[0].join(",")), ("a,b".to_owned(), "0.000015,".to_owned()), "{text}");
        }
        assert_eq!(read("a,b"), None);
        for text in ["[]", "[1]", "[{", "{\"a\": }"] {
            assert!(read(text).unwrap().is_err(), "{text}");
        }
    }

    #[test]
    fn the_days_of_litellms_answer_are_rows_of_their_models() {
        let text = r#"{"results": [{"date": "2026-03-01", "metrics": {"spend": 9}, "breakdown": {"models": {
            "house": {"metrics": {"spend": 2.5, "prompt_tokens": 7}}, "x": {"metrics": {"spend": 1}}}}}], "metadata": {}}"#;
        let (columns, rows) = read(text).unwrap().unwrap();
        let column = |name: &str| columns.iter().position(|column| column == name).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0][column("model")].as_str(), rows[0][column("spend")].as_str()), ("house", "2.5"));
        assert_eq!((rows[1][column("date")].as_str(), rows[1][column("prompt_tokens")].as_str()), ("2026-03-01", ""));
    }
}
