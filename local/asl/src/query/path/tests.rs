//! Which values a path names.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Path, ReferencePath};

fn document() -> Value {
    json!({
        "store": { "book": [
            { "title": "a", "price": 8, "tags": ["x", "y"] },
            { "title": "b", "price": 12.5, "isbn": null },
            { "title": "c", "price": 9, "isbn": "3" }
        ], "open": true },
        "limit": 9, "list": [1, 2, 3, 4, 5], "the key": "k", "a.b": "dotted", "it's": "quoted", "data-in": 1
    })
}

/// What the path gives, and what its printed form gives.
fn find(source: &str) -> Result<Option<Value>, String> {
    let document = document();
    let value = |path: &Path| path.find_in(&document).map(Cow::into_owned);
    let path = Path::compile(source)?;
    let (found, printed) = (value(&path), path.to_string());
    let again = Path::compile(&printed).map(|path| value(&path));
    assert_eq!(again, Ok(found.clone()), "{source} printed as {printed}");
    Ok(found)
}

fn check(cases: &[(&str, Value)]) {
    for (source, expected) in cases {
        assert_eq!(find(source), Ok(Some(expected.clone())), "{source}");
    }
}

#[test]
fn a_definite_path_gives_its_value() {
    check(&[
        ("$", document()),
        ("$.limit", json!(9)),
        ("$['limit']", json!(9)),
        ("$[\"limit\"]", json!(9)),
        ("$[ 'limit' ] ", json!(9)),
        ("$.list[0]", json!(1)),
        ("$.list[-1]", json!(5)),
        ("$.list.[1]", json!(2)),
        ("$.store.book[1]['title']", json!("b")),
        ("$.store.book[1].isbn", json!(null)),
        ("$['the key']", json!("k")),
        ("$['a.b']", json!("dotted")),
        ("$['it\\'s']", json!("quoted")),
        ("$.data-in", json!(1)),
        ("$.store['open','none']", json!({ "open": true })),
    ]);
}

#[test]
fn other_paths_give_a_list() {
    check(&[
        ("$.list[*]", json!([1, 2, 3, 4, 5])),
        ("$.list[1:3]", json!([2, 3])),
        ("$.list[1:]", json!([2, 3, 4, 5])),
        ("$.list[:-3]", json!([1, 2])),
        ("$.list[-2:]", json!([4, 5])),
        ("$.list[::2]", json!([1, 3, 5])),
        ("$.list[::-2]", json!([5, 3, 1])),
        ("$.list[0,-1,9]", json!([1, 5])),
        ("$.none[*].x", json!([])),
        ("$.store.book[*].title", json!(["a", "b", "c"])),
        ("$.store.book[*].isbn", json!([null, "3"])),
        ("$..title", json!(["a", "b", "c"])),
        ("$.store..price", json!([8, 12.5, 9])),
        ("$..book[0].title", json!(["a"])),
        ("$..tags[*]", json!(["x", "y"])),
        (
            "$.store.book[*]['title','isbn']",
            json!([
                { "title": "a" }, { "title": "b", "isbn": null }, { "title": "c", "isbn": "3" }
            ]),
        ),
        ("$.store.book[0].*", json!(["a", 8, ["x", "y"]])),
    ]);
}

#[test]
fn filters_keep_what_fits() {
    let titles = |filter: &str, expected: Value| {
        let source = format!("$.store.book[?({filter})].title");
        assert_eq!(find(&source), Ok(Some(expected)), "{source}");
    };
    titles("@.price < 9", json!(["a"]));
    titles("@.price <= 9", json!(["a", "c"]));
    titles("@.price > $.limit", json!(["b"]));
    titles("@.price >= 9.0", json!(["b", "c"]));
    titles("9 == @.price", json!(["c"]));
    titles("@['price'] != 9", json!(["a", "b"]));
    titles("@.title == \"b\"", json!(["b"]));
    titles("@.title > 'a'", json!(["b", "c"]));
    titles("@.price == '9'", json!([]));
    titles("@.isbn", json!(["b", "c"]));
    titles("!@.isbn", json!(["a"]));
    titles("@.isbn == null", json!(["b"]));
    titles("@.isbn != null", json!(["a", "c"]));
    titles("@.isbn && @.price<10", json!(["c"]));
    titles("@.price<9||@.price>10", json!(["a", "b"]));
    titles("!(@.price<9 || @.price>10)", json!(["c"]));
    titles("@.price in [8, 9]", json!(["a", "c"]));
    titles("@.title nin ['a']", json!(["b", "c"]));
    titles("@.tags[0] == 'x'", json!(["a"]));
    titles("@", json!(["a", "b", "c"]));
}

#[test]
fn a_filter_asks_about_an_object_itself() {
    check(&[
        ("$.store[?(@.open == true)].open", json!([true])),
        ("$.[?(@.limit == 9)].limit", json!([9])),
        ("$..[?(@.price == 8)].title", json!(["a"])),
        ("$.list[?(@ > 3)]", json!([4, 5])),
    ]);
}

#[test]
fn what_is_missing_is_told_in_jayways_words() {
    let check = |source: &str, expected: &str| {
        let path = Path::compile(source).expect("a path");
        assert_eq!(path.find_in(&document()), None, "{source}");
        assert_eq!(path.missing(Some(&document())), expected, "{source}");
    };
    check("$.none", "No results for path: $['none']");
    check("$.store.none", "No results for path: $['store']['none']");
    check("$.none.deeper", "Missing property in path $['none']");
    check(
        "$.store.none.x.y",
        "Missing property in path $['store']['none']",
    );
    check("$.list[9]", "No results for path: $['list'][9]");
    check("$.list[-6]", "No results for path: $['list'][-6]");
    // Functions are names that nothing has, as on AWS.
    check(
        "$.list.length()",
        "Property ['length()'] not found in path $['list']",
    );
    check("$.limit.x.y", "Property ['x'] not found in path $['limit']");
}

#[test]
fn what_is_no_path_is_refused() {
    let refused = [
        "",
        "list",
        ".list",
        "$.",
        "$..",
        "$.list.",
        "$.list[",
        "$.list[]",
        "$.list[1",
        "$.list[a]",
        "$ .list",
        "$.the key",
        "$.list[1:2:3:4]",
        "$['a",
        "$['a']b",
        "$.list[?]",
        "$.list[?(]",
        "$.list[?(@.a ==)]",
        "$.list[?(@.a = 1)]",
        "$.list[?(@.a =~ /x/)]",
        "$.list[?(1)]",
        "$.list[(@.length-1)]",
        "$.list[1 2]",
        "$.list[99999999999999999999]",
        "$-x",
    ];
    for source in refused {
        assert!(find(source).is_err(), "{source}");
    }
    let deep = format!("$[?{}@.a{}]", "(".repeat(1000), ")".repeat(1000));
    assert!(find(&deep).is_err());
}

#[test]
fn a_reference_path_puts_a_value_in_its_place() {
    let check = |source: &str, expected: Option<Value>| {
        let path = ReferencePath::compile(source).expect("a reference path");
        let document = json!({ "a": { "b": 1 }, "l": [1, 2] });
        assert_eq!(path.put(document, json!("new")), expected, "{source}");
    };
    check("$", Some(json!("new")));
    check("$.a", Some(json!({ "a": "new", "l": [1, 2] })));
    check(
        "$.a.c",
        Some(json!({ "a": { "b": 1, "c": "new" }, "l": [1, 2] })),
    );
    check(
        "$.a.b.c",
        Some(json!({ "a": { "b": { "c": "new" } }, "l": [1, 2] })),
    );
    check(
        "$['x y'].z",
        Some(json!({ "a": { "b": 1 }, "l": [1, 2], "x y": { "z": "new" } })),
    );
    check("$.l[1]", Some(json!({ "a": { "b": 1 }, "l": [1, "new"] })));
    check("$.l[2]", None);
    for source in [
        "$$.a",
        "$x",
        "$.a[*]",
        "$..a",
        "$.l[0:1]",
        "$.l[-1]",
        "$['a','b']",
        "$.l[?(@.a)]",
        "a",
    ] {
        assert!(ReferencePath::compile(source).is_err(), "{source}");
    }
}
