//! The tables, shared by all backends: a host can join them with its own.
//!
//! Ids and times are `BigInt`; times are microseconds since 1970-01-01T00:00:00Z.

diesel::table! {
    /// Users; of the deleted ones their ids stay.
    users (id) {
        id -> BigInt,
        username -> Text,
        username_key -> Text,
        email -> Text,
        email_key -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        display_name -> Nullable<Text>,
        avatar_file_id -> Nullable<BigInt>,
        external_id -> Nullable<Text>,
    }
}

diesel::table! {
    /// Groups; the deleted ones stay.
    groups (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Text,
        member_count -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// Who is in which living group.
    group_members (group_id, user_id) {
        group_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    /// Conversations of two users or of a group.
    conversations (id) {
        id -> BigInt,
        group_id -> Nullable<BigInt>,
        low_user_id -> Nullable<BigInt>,
        high_user_id -> Nullable<BigInt>,
        last_seq -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    /// How far each user has read each conversation.
    participants (user_id, conversation_id) {
        user_id -> BigInt,
        conversation_id -> BigInt,
        joined_seq -> BigInt,
        seen_through -> BigInt,
        cleared -> BigInt,
    }
}

diesel::table! {
    /// What is known about files.
    files (id) {
        id -> BigInt,
        url -> Text,
        name -> Nullable<Text>,
        size -> Nullable<BigInt>,
        #[sql_name = "type"]
        kind -> Nullable<Text>,
        uploader_id -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        blob_id -> Nullable<BigInt>,
        unused_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// What is known about the bytes of files.
    blobs (id) {
        id -> BigInt,
        hash -> Binary,
        size -> BigInt,
        claimed_at -> BigInt,
        unused_since -> Nullable<BigInt>,
        stored -> BigInt,
        doomed -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// Uploads that can be resumed.
    uploads (id) {
        id -> BigInt,
        uploader_id -> Nullable<BigInt>,
        name -> Nullable<Text>,
        metadata -> Nullable<Text>,
        length -> BigInt,
        offset -> Nullable<BigInt>,
        mark -> Nullable<Binary>,
        digest -> Nullable<Binary>,
        head -> Nullable<Binary>,
        file_id -> Nullable<BigInt>,
        created_at -> BigInt,
        expires_at -> BigInt,
        generation -> BigInt,
    }
}

diesel::table! {
    /// Deleted groups that carry files still.
    file_releases (conversation_id) {
        conversation_id -> BigInt,
        after_file_id -> BigInt,
        unused_since -> BigInt,
    }
}

diesel::table! {
    /// Messages; the deleted ones stay without their content.
    messages (id) {
        id -> BigInt,
        conversation_id -> BigInt,
        seq -> BigInt,
        sender_id -> BigInt,
        receiver_id -> Nullable<BigInt>,
        group_id -> Nullable<BigInt>,
        #[sql_name = "type"]
        kind -> Text,
        content -> Nullable<Text>,
        file_id -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// Messages marked as seen by name.
    seens (message_id, user_id) {
        message_id -> BigInt,
        user_id -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    /// Places of a conversation marked as seen together.
    seen_ranges (user_id, conversation_id, to_seq) {
        user_id -> BigInt,
        conversation_id -> BigInt,
        to_seq -> BigInt,
        from_seq -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    /// The log.
    events (position) {
        position -> BigInt,
        kind -> Integer,
        conversation_id -> Nullable<BigInt>,
        message_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        role -> Nullable<Text>,
        actor_id -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    /// Events that have no place in the log yet; PostgreSQL's alone.
    event_outbox (id) {
        id -> BigInt,
        kind -> Integer,
        conversation_id -> Nullable<BigInt>,
        message_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        role -> Nullable<Text>,
        actor_id -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    /// One row: which log it is, and how far it has come.
    event_log (id) {
        id -> BigInt,
        log_id -> Text,
        position -> BigInt,
        forgotten -> BigInt,
    }
}

diesel::table! {
    /// Tickets that nobody has come with yet.
    tickets (digest) {
        digest -> Binary,
        user_id -> Nullable<BigInt>,
        expires_at -> BigInt,
        credentials_end -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// Answers kept under idempotency keys.
    idempotency_keys (id) {
        id -> BigInt,
        actor -> BigInt,
        key -> Text,
        fingerprint -> Binary,
        answer -> Binary,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    users,
    groups,
    group_members,
    conversations,
    participants,
    files,
    blobs,
    messages,
    seens,
    seen_ranges,
);
