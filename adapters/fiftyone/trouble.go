package fiftyone

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"

	sb "signalbox"
)

// MongoDB's own numbers.
const (
	codeUnauthorized     = 13
	codeAuthFailed       = 18
	codeNoStreams        = 40573 // change streams are for replica sets
	codeNoPipeline       = 40324 // a server without the stage
	codeHistoryLost      = 286
	codeFatalStream      = 280
	codeInvalidToken     = 260
	codeDocumentTooLarge = 17419
	codeTooLarge         = 10334
	codeTooDeep          = 15
)

// passing are those of a server that stops, starts, does not take writes now, or does not hear from the others in time.
var passing = []int{6, 7, 64, 89, 91, 100, 112, 133, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436}

var errTooLarge = sb.Errorf(sb.TooLarge, "it is too large or nested too deep for a document of MongoDB")

// trouble tells in our words what MongoDB's driver says. It quotes nothing: the driver's texts may hold addresses and values.
func trouble(err error) error {
	var server mongo.ServerError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &server):
		return serverTrouble(err, server)
	case errors.Is(err, driver.ErrDocumentTooLarge): // the driver does not even send it
		return errTooLarge
	case mongo.IsTimeout(err), errors.Is(err, context.DeadlineExceeded):
		return sb.Errorf(sb.Unavailable, "MongoDB does not answer in time")
	case mongo.IsNetworkError(err):
		return sb.Errorf(sb.Unavailable, "MongoDB cannot be reached")
	case refused(err):
		return sb.Errorf(sb.Unauthenticated, "MongoDB refuses the credentials of the address")
	}
	return sb.Errorf(sb.Unavailable, "MongoDB cannot be asked (%T)", rootOf(err))
}

func serverTrouble(err error, server mongo.ServerError) error {
	has := server.HasErrorCode
	switch {
	case has(codeUnauthorized):
		return sb.Errorf(sb.Forbidden, "the user of the address lacks a right in MongoDB: it needs to read and write the database")
	case has(codeAuthFailed), refused(err):
		return sb.Errorf(sb.Unauthenticated, "MongoDB refuses the credentials of the address")
	case has(codeNoStreams), has(codeNoPipeline):
		return sb.Errorf(sb.NotFound, "this MongoDB is no replica set and has no change streams")
	case has(codeHistoryLost), has(codeFatalStream), has(codeInvalidToken):
		return sb.Errorf(sb.Gone, "MongoDB does not know any more what has changed since")
	case has(codeDocumentTooLarge), has(codeTooLarge), has(codeTooDeep):
		return errTooLarge
	case mongo.IsNetworkError(err), mongo.IsTimeout(err):
		return sb.Errorf(sb.Unavailable, "MongoDB cannot be reached")
	case server.HasErrorLabel("RetryableWriteError"), slices.ContainsFunc(passing, has):
		return sb.Errorf(sb.Unavailable, "MongoDB does not do it now: error %v", server.ErrorCodes())
	}
	return sb.Errorf(sb.Invalid, "MongoDB refuses it: error %v", server.ErrorCodes())
}

// refused tells whether a connection could not log in.
func refused(err error) bool {
	var auth interface{ Unwrap() error }
	for e := err; e != nil; {
		if fmt.Sprintf("%T", e) == "*auth.Error" {
			return true
		}
		if !errors.As(e, &auth) {
			return false
		}
		e = auth.Unwrap()
	}
	return false
}

func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
