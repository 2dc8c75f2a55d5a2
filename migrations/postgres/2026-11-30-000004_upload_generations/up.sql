-- Which of those who went on with the upload: one who is overtaken, on whatever node, holds an earlier number
-- and changes nothing any more.
ALTER TABLE uploads ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
