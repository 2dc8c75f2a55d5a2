//! Many bad bodies and queries, and the fields that each is told of.

use chat_domain::UserId;
use rstest::rstest;

use super::*;
use crate::dto::files::CreateFile;
use crate::dto::messages::CreateMessage;
use crate::dto::paths::MemberPath;
use crate::dto::receipts::MarkMessage;
use crate::dto::users::CreateUser;
use crate::dto::windows::MessagesQuery;

/// The fields and codes that a request is refused with.
type Named<'a> = &'a [(&'a str, &'a str)];

fn header(id: Option<i64>) -> Option<UserId> {
    id.map(|id| UserId::parse(id).unwrap())
}

#[track_caller]
fn assert_named(errors: &[FieldError], expected: Named) {
    let named: Vec<_> = errors
        .iter()
        .map(|e| (e.field.as_str(), &*e.code))
        .collect();
    assert_eq!(named, expected);
}

#[track_caller]
fn assert_body<T: Fields>(body: &[u8], user: Option<i64>, expected: Named) {
    match read_json::<T>(body, header(user)) {
        Ok(_) => assert_named(&[], expected),
        Err(Unreadable::Fields(errors)) => assert_named(&errors, expected),
        Err(Unreadable::Malformed(error)) => panic!("no JSON: {error}"),
    }
}

#[track_caller]
fn assert_query<T: Fields>(query: &str, user: Option<i64>, expected: Named) {
    let (pairs, spoiled) = decode(query);
    let errors = read_text::<T>(&pairs, spoiled, header(user))
        .err()
        .unwrap_or_default();
    assert_named(&errors, expected);
}

#[rstest]
#[case::good(r#"{"username":"ada","email":"ada@example.org"}"#, &[])]
#[case::blanks(" \r\n\t{\"username\":\"ada\",\"email\":\"ada@example.org\"} ", &[])]
#[case::escaped_key(r#"{"\u0075sername":"ada","email":"ada@example.org"}"#, &[])]
#[case::empty("{}", &[("email", "required"), ("username", "required")])]
#[case::null(r#"{"username":null,"email":"a@b.cd"}"#, &[("username", "required")])]
#[case::rules(r#"{"username":" a","email":"x"}"#, &[("email", "format"), ("username", "format")])]
#[case::length(r#"{"username":"","email":"a@b.cd"}"#, &[("username", "length")])]
#[case::nul(r#"{"username":"a\u0000","email":"a@b.cd"}"#, &[("username", "format")])]
#[case::types(r#"{"username":1,"email":["a@b.cd"]}"#, &[("username", "type"), ("email", "type")])]
#[case::every_kind(
    r#"{"x":1,"username":true,"email":"x","y":null}"#,
    &[("x", "unknown"), ("username", "type"), ("y", "unknown"), ("email", "format")]
)]
#[case::repeated(
    r#"{"username":"ada","email":"a@b.cd","username":"bob","username":"cy"}"#,
    &[("username", "repeated")]
)]
#[case::repeated_by_escape(
    r#"{"username":"ada","\u0075sername":"ada","email":"a@b.cd"}"#,
    &[("username", "repeated")]
)]
#[case::repeated_null(r#"{"username":"ada","username":null}"#, &[("username", "repeated"), ("email", "required")])]
#[case::half_a_pair(r#"{"username":"\ud800","email":"a@b.cd"}"#, &[("username", "format")])]
#[case::array(r#"["ada","ada@example.org"]"#, &[("body", "type")])]
#[case::only_null("null", &[("body", "type")])]
#[case::only_text(r#""ada""#, &[("body", "type")])]
#[case::wrong_case(r#"{"Username":"ada","username":"ada","email":"a@b.cd"}"#, &[("Username", "unknown")])]
fn bodies_of_users(#[case] body: &str, #[case] expected: Named) {
    assert_body::<CreateUser>(body.as_bytes(), None, expected);
}

#[rstest]
#[case::nothing("")]
#[case::cut_short(r#"{"username":"ada""#)]
#[case::trailing(r#"{"username":"ada","email":"a@b.cd"} x"#)]
#[case::two_objects("{}{}")]
#[case::single_quotes("{'username':'ada'}")]
#[case::trailing_comma(r#"{"username":"ada",}"#)]
#[case::half_a_pair_in_a_key(r#"{"\ud800":1}"#)]
#[case::byte_order_mark("\u{feff}{}")]
#[case::raw_control("{\"username\":\"a\nb\"}")]
fn bodies_that_are_no_json(#[case] body: &str) {
    let read = read_json::<CreateUser>(body.as_bytes(), None);
    assert!(matches!(read, Err(Unreadable::Malformed(_))));
}

#[test]
fn bytes_that_are_no_utf8_are_no_json() {
    let read = read_json::<CreateUser>(b"{\"username\":\"\xff\"}", None);
    assert!(matches!(read, Err(Unreadable::Malformed(_))));
}

#[rstest]
#[case::in_a_field(format!(r#"{{"username":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000)), &[("username", "type"), ("email", "required")])]
#[case::alone(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), &[("body", "type")])]
#[case::unknown(format!(r#"{{"x":{}1{},"username":"a","email":"a@b.cd"}}"#, r#"{"x":"#.repeat(20_000), "}".repeat(20_000)), &[("x", "unknown")])]
fn depth_costs_no_stack(#[case] body: String, #[case] expected: Named) {
    assert_body::<CreateUser>(body.as_bytes(), None, expected);
}

#[test]
fn a_flood_of_unknown_fields_is_named_in_part() {
    let fields: Vec<_> = (0..30_000).map(|n| format!("\"{n}\":0")).collect();
    let body = format!("{{{}}}", fields.join(","));
    let Err(Unreadable::Fields(errors)) = read_json::<CreateUser>(body.as_bytes(), None) else {
        panic!("30,000 unknown fields pass");
    };
    assert_eq!(errors.len(), 101, "one more than are told of");
}

#[rstest]
#[case::good(r#"{"sender_id":1,"receiver_id":2,"type":"text","content":"hi"}"#, None, &[])]
#[case::sender_of_header(r#"{"receiver_id":2,"type":"text","content":"hi"}"#, Some(1), &[])]
#[case::no_sender(r#"{"receiver_id":2,"type":"text","content":"hi"}"#, None, &[("sender_id", "required")])]
#[case::empty("{}", Some(1), &[("group_id", "required"), ("receiver_id", "required"), ("type", "required")])]
#[case::both(
    r#"{"sender_id":1,"receiver_id":2,"group_id":3,"type":"text","content":"hi"}"#,
    None,
    &[("group_id", "conflict"), ("receiver_id", "conflict")]
)]
#[case::bad_recipient_hides_the_rule(r#"{"sender_id":1,"receiver_id":"2","type":"text","content":"hi"}"#, None, &[("receiver_id", "type")])]
#[case::to_oneself(r#"{"sender_id":1,"receiver_id":1,"type":"text","content":"hi"}"#, None, &[("receiver_id", "conflict")])]
#[case::to_oneself_by_header(r#"{"receiver_id":1,"type":"text","content":"hi"}"#, Some(1), &[("receiver_id", "conflict")])]
#[case::unknown_type(r#"{"sender_id":1,"receiver_id":2,"type":"Text","content":""}"#, None, &[("type", "format")])]
#[case::type_as_map(r#"{"sender_id":1,"receiver_id":2,"type":{"text":null},"content":"hi"}"#, None, &[("type", "type")])]
#[case::text_without_content(r#"{"sender_id":1,"receiver_id":2,"type":"text"}"#, None, &[("content", "required")])]
#[case::blank_text(r#"{"sender_id":1,"receiver_id":2,"type":"text","content":" \n"}"#, None, &[("content", "format")])]
#[case::empty_text(r#"{"sender_id":1,"receiver_id":2,"type":"text","content":""}"#, None, &[("content", "length")])]
#[case::text_with_file(r#"{"sender_id":1,"receiver_id":2,"type":"text","content":"hi","file_id":3}"#, None, &[("file_id", "conflict")])]
#[case::image_without_file(r#"{"sender_id":1,"receiver_id":2,"type":"image"}"#, None, &[("file_id", "required")])]
#[case::bad_file(r#"{"sender_id":1,"receiver_id":2,"type":"image","file_id":"3"}"#, None, &[("file_id", "type")])]
#[case::empty_caption(r#"{"sender_id":1,"receiver_id":2,"type":"file","file_id":3,"content":""}"#, None, &[])]
#[case::nul_in_caption(r#"{"sender_id":1,"receiver_id":2,"type":"file","file_id":3,"content":"\u0000"}"#, None, &[("content", "format")])]
fn bodies_of_messages(#[case] body: &str, #[case] user: Option<i64>, #[case] expected: Named) {
    assert_body::<CreateMessage>(body.as_bytes(), user, expected);
}

#[rstest]
#[case("7", &[])]
#[case("9007199254740991", &[])]
#[case("0", &[("user_id", "range")])]
#[case("-1", &[("user_id", "range")])]
#[case("9007199254740992", &[("user_id", "range")])]
#[case("18446744073709551616", &[("user_id", "range")])]
#[case("1e30", &[("user_id", "range")])]
#[case("1e400", &[("user_id", "range")])]
#[case("-1e400", &[("user_id", "range")])]
#[case("1.0", &[("user_id", "type")])]
#[case("1.5", &[("user_id", "type")])]
#[case("\"7\"", &[("user_id", "type")])]
#[case("true", &[("user_id", "type")])]
#[case("[7]", &[("user_id", "type")])]
#[case("{}", &[("user_id", "type")])]
fn ids_in_bodies(#[case] id: &str, #[case] expected: Named) {
    let body = format!(r#"{{"user_id":{id}}}"#);
    assert_body::<MarkMessage>(body.as_bytes(), None, expected);
}

#[test]
fn a_field_that_is_a_keyword_keeps_its_name() {
    let body = br#"{"url":"https://example.org/a.png","type":"Image/PNG","size":-1}"#;
    assert_body::<CreateFile>(body, None, &[("size", "range"), ("type", "format")]);
}

#[rstest]
#[case::group("group_id=1", None, &[])]
#[case::inbox("receiver_id=1", None, &[])]
#[case::all_of_direct("receiver_id=1&sender_id=2&limit=200&before=7", None, &[])]
#[case::nothing("", None, &[("group_id", "required"), ("receiver_id", "required")])]
#[case::both("group_id=1&receiver_id=2", None, &[("group_id", "conflict"), ("receiver_id", "conflict")])]
#[case::sender_of_group("group_id=1&sender_id=2", None, &[("sender_id", "conflict")])]
#[case::header_and_group("group_id=1", Some(2), &[])]
#[case::with_oneself("receiver_id=1", Some(1), &[("receiver_id", "conflict")])]
#[case::two_windows("group_id=1&before=2&offset=0", None, &[("before", "conflict"), ("offset", "conflict")])]
#[case::limits("group_id=1&limit=201&offset=10001", None, &[("limit", "range"), ("offset", "range")])]
#[case::zero("group_id=0&limit=0", None, &[("group_id", "range"), ("limit", "range")])]
#[case::no_integers("group_id=a&limit=&before=1.0", None, &[("group_id", "type"), ("limit", "type"), ("before", "type")])]
#[case::plus("group_id=+1", None, &[("group_id", "type")])]
#[case::huge("group_id=99999999999999999999999999999999", None, &[("group_id", "range")])]
#[case::repeated("group_id=1&group_id=1", None, &[("group_id", "repeated")])]
#[case::unknown("group_id=1&limt=5", None, &[("limt", "unknown")])]
#[case::one_of_two_windows("group_id=1&around=1&offset=0&before=0", None, &[("around", "conflict"), ("before", "range"), ("offset", "conflict")])]
#[case::spoiled_twice("group_id=%zz&group_id=%zz", None, &[("group_id", "format")])]
#[case::spoiled_and_repeated("limit=%zz&limit=5&limit=6&group_id=1", None, &[("limit", "format")])]
#[case::spoiled("group_id=%zz&limit=0", None, &[("group_id", "format"), ("limit", "range")])]
fn queries_of_messages(#[case] query: &str, #[case] user: Option<i64>, #[case] expected: Named) {
    assert_query::<MessagesQuery>(query, user, expected);
}

#[test]
fn a_query_where_none_is_taken_is_unknown() {
    assert_query::<Nothing>("x=1&y", None, &[("x", "unknown"), ("y", "unknown")]);
    assert_query::<Nothing>("&", None, &[]);
}

#[test]
fn ids_of_a_path_are_named_as_in_the_route() {
    let pairs = [("id", "x"), ("user_id", "0")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let errors = read_text::<MemberPath>(&pairs, Vec::new(), None)
        .err()
        .unwrap();
    assert_named(&errors, &[("id", "type"), ("user_id", "range")]);
}
