"""S3 by boto3 and the AWS CLI."""

import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from boto3.s3.transfer import TransferConfig

from local import OUTPUT, SOURCE, ClientTest, aws, client

KEYS = ["plain.txt", "a b/c + d.txt", "ü/日本語 😀.txt", "100%/%41&=?#.txt", "quote's (1)!*.txt"]


class Objects(ClientTest):
    @classmethod
    def setUpClass(cls):
        cls.s3 = client("s3")

    def test_keys_come_back_as_they_were_given(self):
        for key in KEYS:
            with self.subTest(key=key):
                self.s3.put_object(Bucket=OUTPUT, Key="keys/" + key, Body=key.encode())
                found = self.s3.get_object(Bucket=OUTPUT, Key="keys/" + key)
                self.assertEqual(found["Body"].read().decode(), key)
        for list_objects in ["list_objects_v2", "list_objects"]:
            pages = self.s3.get_paginator(list_objects)
            pages = pages.paginate(Bucket=OUTPUT, Prefix="keys/", PaginationConfig={"PageSize": 2})
            pages = [[found["Key"] for found in page["Contents"]] for page in pages]
            self.assertEqual([len(page) for page in pages], [2, 2, 1])
            self.assertEqual(sorted(key for page in pages for key in page), sorted("keys/" + key for key in KEYS))
        folders = self.s3.list_objects_v2(Bucket=OUTPUT, Prefix="keys/", Delimiter="/")["CommonPrefixes"]
        self.assertIn({"Prefix": "keys/ü/"}, folders)

    def test_the_cli_copies_lists_and_syncs(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            for name in ["one.txt", "a b + ü.txt"]:
                (folder / name).write_text(name)
            aws("s3", "sync", str(folder), f"s3://{OUTPUT}/cli/x y")
            self.assertRegex(aws("s3", "ls"), rf"(?m)^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d {OUTPUT}$")
            listed = aws("s3", "ls", f"s3://{OUTPUT}/cli/x y/")
            self.assertEqual(len(listed.splitlines()), 2, listed)
            back = folder / "back"
            aws("s3", "sync", f"s3://{OUTPUT}/cli", str(back))
            self.assertEqual((back / "x y/a b + ü.txt").read_text(), "a b + ü.txt")
            page = aws("s3api", "list-objects-v2", "--bucket", OUTPUT, "--prefix", "cli/", "--max-items", "1")
            self.assertEqual((len(page["Contents"]), bool(page["NextToken"])), (1, True))

    def test_long_objects_are_uploaded_in_parts(self):
        body = bytes(range(256)) * 4 * 1024 * 9  # 9 MiB
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            config = TransferConfig(multipart_threshold=8 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
            self.s3.upload_file(file.name, OUTPUT, "long", Config=config)
        found = self.s3.head_object(Bucket=OUTPUT, Key="long", ChecksumMode="ENABLED")
        self.assertTrue(found["ETag"].endswith('-2"'), found["ETag"])
        self.assertEqual(found["ContentLength"], len(body))
        part = self.s3.get_object(Bucket=OUTPUT, Key="long", Range="bytes=5242879-5242881")
        self.assertEqual(part["Body"].read(), body[5242879:5242882])
        self.assertEqual(part["ContentRange"], f"bytes 5242879-5242881/{len(body)}")
        self.assertEqual(part["ResponseMetadata"]["HTTPStatusCode"], 206)

    def test_versions_stay(self):
        first = self.s3.put_object(Bucket=SOURCE, Key="versions/a.txt", Body=b"one")["VersionId"]
        second = self.s3.put_object(Bucket=SOURCE, Key="versions/a.txt", Body=b"two")["VersionId"]
        self.s3.delete_object(Bucket=SOURCE, Key="versions/a.txt")
        found = self.s3.get_object(Bucket=SOURCE, Key="versions/a.txt", VersionId=first)
        self.assertEqual(found["Body"].read(), b"one")
        pages = self.s3.get_paginator("list_object_versions")
        pages = pages.paginate(Bucket=SOURCE, Prefix="versions/", PaginationConfig={"PageSize": 1})
        versions, markers = [], []
        for page in pages:
            versions += [(version["VersionId"], version["IsLatest"]) for version in page.get("Versions", [])]
            markers += [marker["IsLatest"] for marker in page.get("DeleteMarkers", [])]
        self.assertEqual(versions, [(second, False), (first, False)])
        self.assertEqual(markers, [True])
        self.check_refused("NoSuchKey", 404, self.s3.get_object, Bucket=SOURCE, Key="versions/a.txt")

    def test_tags_and_metadata_stay(self):
        tags = [{"Key": "a b", "Value": "1+1"}]
        self.s3.put_object(Bucket=OUTPUT, Key="tagged", Body=b"", Metadata={"who": "me"}, ContentType="text/plain")
        self.s3.put_object_tagging(Bucket=OUTPUT, Key="tagged", Tagging={"TagSet": tags})
        self.assertEqual(self.s3.get_object_tagging(Bucket=OUTPUT, Key="tagged")["TagSet"], tags)
        found = self.s3.head_object(Bucket=OUTPUT, Key="tagged")
        self.assertEqual((found["Metadata"], found["ContentType"]), ({"who": "me"}, "text/plain"))

    def test_presigned_urls_need_no_client(self):
        key = "pre signed + ü.txt"
        place = {"Bucket": OUTPUT, "Key": key}
        url = self.s3.generate_presigned_url("put_object", Params=place, ExpiresIn=60)
        with urllib.request.urlopen(urllib.request.Request(url, data=b"hello", method="PUT")) as answer:
            self.assertEqual(answer.status, 200)
        url = self.s3.generate_presigned_url("get_object", Params=place, ExpiresIn=60)
        with urllib.request.urlopen(url) as answer:
            self.assertEqual(answer.read(), b"hello")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url.split("?")[0])
        self.assertEqual(refused.exception.code, 403)

    def test_errors_are_those_of_s3(self):
        self.s3.put_object(Bucket=OUTPUT, Key="five", Body=b"12345")
        place = {"Bucket": OUTPUT, "Key": "five"}
        for code, status, call, parameters in [
            ("NoSuchKey", 404, "get_object", {"Bucket": OUTPUT, "Key": "none"}),
            ("NoSuchBucket", 404, "get_object", {"Bucket": "no-such-bucket", "Key": "none"}),
            ("NoSuchBucket", 404, "list_objects_v2", {"Bucket": "no-such-bucket"}),
            ("404", 404, "head_object", {"Bucket": OUTPUT, "Key": "none"}),
            ("404", 404, "head_bucket", {"Bucket": "no-such-bucket"}),
            ("NoSuchUpload", 404, "list_parts", {**place, "UploadId": "none"}),
            ("NoSuchVersion", 404, "get_object", {"Bucket": SOURCE, "Key": "none", "VersionId": "none"}),
            ("InvalidRange", 416, "get_object", {**place, "Range": "bytes=5-"}),
            ("PreconditionFailed", 412, "put_object", {**place, "IfNoneMatch": "*", "Body": b"1"}),
            ("BadDigest", 400, "put_object", {**place, "ContentMD5": "XUFAKrxLKna5cZ2REBfFkg==", "Body": b"1"}),
            ("BadDigest", 400, "put_object", {**place, "ChecksumCRC32": "AAAAAA==", "Body": b"1"}),
            ("BucketAlreadyOwnedByYou", 409, "create_bucket", {"Bucket": OUTPUT}),
            ("BucketNotEmpty", 409, "delete_bucket", {"Bucket": OUTPUT}),
            ("NotImplemented", 501, "get_bucket_acl", {"Bucket": OUTPUT}),
        ]:
            self.check_refused(code, status, getattr(self.s3, call), **parameters)
        self.s3.create_bucket(Bucket="empty-bucket")
        self.s3.delete_bucket(Bucket="empty-bucket")
        self.check_refused("404", 404, self.s3.head_bucket, Bucket="empty-bucket")


if __name__ == "__main__":
    unittest.main()
