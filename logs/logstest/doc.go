// Package logstest holds the tests of logs on each kind of place for objects: files, an S3 and a Google Cloud Storage
// server. They stand apart so that the tests and fuzzing of the parser link no cloud SDK.
package logstest
