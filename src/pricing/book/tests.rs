//! Which list prices which model: names, choices and files.

use super::*;
use crate::units::Share;

fn text(text: &str) -> Result<PriceFile, BookError> {
    toml::from_str(text).map_err(|error| BookError::new("test", error.to_string()))
}

/// A file with a flat list, and a history of these models.
fn flat(name: &str, models: &[&str]) -> Result<PriceFile, BookError> {
    text(&format!(
        "[[list]]\nname = \"{name}\"\ncurrency = \"USD\"\n\
         [list.tiers.standard]\nhit = \"1\"\nmiss = \"1\"\noutput = \"1\"\n\
         [[history]]\nmodels = {models:?}\nlists = [\"{name}\"]\n"
    ))
}

fn list_of(book: &Book, model: &str) -> Option<String> {
    book.price_of(model).and_then(|price| Some(price.list_at(Timestamp::default())?.name.clone()))
}

#[test]
fn names_are_exact_on_the_last_component_without_case() -> Result<(), BookError> {
    let book = Book::built_in()?;
    for model in ["deepseek-ai/DeepSeek-R1", "deepseek-reasoner", "DEEPSEEK-R1-0528"] {
        assert!(book.price_of(model).is_some(), "{model}");
    }
    for model in ["DeepSeek-R1-Distill-Qwen-32B", "deepseek-r1-awq", "my-finetune", "gpt-4o", "*", ""] {
        assert!(book.price_of(model).is_none(), "{model}");
    }
    assert!(book.globs.is_empty() && book.histories.len() > 10);
    Ok(())
}

/// The class of errors: the page spells a model's name differently from the price book.
#[test]
fn a_model_is_priced_under_any_spelling_of_its_name() -> Result<(), BookError> {
    let mut book = Book::built_in()?;
    book.add(flat("mine", &["/models/Qwen3-32B/"])?)?;
    book.pin(vec![Pinned::list(" Pinned/ ", "deepseek-r1-standard")])?;
    for model in ["qwen3-32b", "Qwen3-32B/", "/data/models/Qwen3-32B/", " Qwen3-32B ", "hosted_vllm/Qwen/Qwen3-32B/ "] {
        assert_eq!(list_of(&book, model).as_deref(), Some("mine"), "{model:?}");
    }
    assert_eq!(list_of(&book, "/srv/pinned/").as_deref(), Some("deepseek-r1-standard"));
    Ok(())
}

#[test]
fn a_pinned_list_holds_whatever_the_date() -> Result<(), BookError> {
    let mut book = Book::built_in()?;
    book.pin(vec![Pinned::list("my-*", "deepseek-r1-standard")])?;
    assert_eq!(list_of(&book, "org/My-Finetune").as_deref(), Some("deepseek-r1-standard"));
    let error = book.pin(vec![Pinned::list("*", "deepseek-r1-2052")]).map_err(|e| e.to_string());
    assert_eq!(error, Err("price list \"deepseek-r1-2052\": no such list; is it \"deepseek-r1-2025\"?".to_owned()));
    let error = book.pin(vec![Pinned::list("*", "deepseek-r1-2025-cny")]).map_err(|e| e.to_string());
    assert!(error.is_err_and(|why| why.contains("in CNY and the ledger in USD")));
    Ok(())
}

#[test]
fn a_tenant_has_a_share_of_its_own() -> Result<(), BookError> {
    let mut book = Book::built_in()?;
    let paid = |tenant: Option<&str>, paid: &str| Pinned {
        model: "deepseek-r1".to_owned(),
        tenant: tenant.map(str::to_owned),
        list: None,
        paid: paid.parse().ok(),
    };
    book.pin(vec![paid(Some("app-free"), "0"), paid(None, "0.37")])?;
    let ppm = |tenant| book.price_for("deepseek-r1", tenant).and_then(|price| price.paid).map(Share::ppm);
    assert_eq!((ppm(Some("app-free")), ppm(Some("other")), ppm(None)), (Some(0), Some(370_000), Some(370_000)));
    Ok(())
}

#[test]
fn a_later_file_stands_before_an_earlier_one() -> Result<(), BookError> {
    let mut book = Book::built_in()?;
    book.add(flat("mine", &["deepseek-*"])?)?;
    assert_eq!(list_of(&book, "deepseek-r1").as_deref(), Some("mine"));
    book.add(flat("exact", &["org/DeepSeek-R1", "deepseek-r?"])?)?;
    assert_eq!(list_of(&book, "deepseek-r1").as_deref(), Some("exact"), "a name before a glob");
    assert_eq!(list_of(&book, "deepseek-r2").as_deref(), Some("exact"), "the later glob");
    assert_eq!(list_of(&book, "deepseek-v3").as_deref(), Some("mine"));
    Ok(())
}

#[test]
fn a_ledger_reads_lists_of_its_own_currency() -> Result<(), BookError> {
    let mut book = Book::built_in()?;
    book.keep_currency("CNY", &Exchange::default());
    assert_eq!(list_of(&book, "deepseek-r1").as_deref(), Some("deepseek-r1-standard-cny"));
    assert_eq!(book.gpu_rate("NVIDIA H100"), None, "dollars are not yuan");
    book.keep_currency("EUR", &Exchange::default());
    assert_eq!(list_of(&book, "deepseek-r1"), None);
    Ok(())
}

#[test]
fn a_file_adds_a_year_of_holidays_to_lists_that_stand() -> Result<(), BookError> {
    let mut book = Book::built_in()?;
    let new_year = Timestamp::from_millis(1_798_768_800_000); // 2027-01-01 10:00 in Shanghai, a Friday.
    let quote = |book: &Book| {
        let list = book.list("deepseek-v4.1-flash");
        list.map(|list| (list.tier_at(new_year).to_owned(), list.unknown_holidays(new_year)))
    };
    assert_eq!(quote(&book), Some(("peak".to_owned(), Some(2027))));
    book.add(text("[holidays]\ncn = [\"2027-01-01\"]\n")?)?;
    assert_eq!(quote(&book), Some(("offpeak".to_owned(), None)));
    Ok(())
}

#[test]
fn every_invalid_entry_has_its_place() -> Result<(), BookError> {
    let broken = text(
        "[[list]]\nname = \"a\"\ncurrency = \"usd\"\n[list.tiers]\n\
         [[list]]\nname = \"b\"\ncurrency = \"USD\"\n[list.tiers]\n\
         [[list]]\nname = \"b\"\ncurrency = \"USD\"\n[list.tiers]\n\
         [[history]]\nmodels = [\"m\"]\nlists = [\"deepseek-r1-2025\", \"deepseek-r1-standard\"]\n\
         [[history]]\nmodels = [\"m\"]\nlists = [\"nowhere\"]\n",
    )?;
    let mut book = Book::built_in()?;
    let places: Vec<_> = book.add_all(broken).into_iter().map(|error| error.place.join(".")).collect();
    assert_eq!(
        places,
        ["list.0.currency", "list.0.tiers", "list.1.tiers", "list.2.name", "history.0.lists", "history.1.lists"]
    );
    Ok(())
}
