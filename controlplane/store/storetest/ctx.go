package storetest

import (
	"context"

	"github.com/stretchr/testify/require"
)

// ctx gives the context of a test or of a property, both of which have one.
func ctx(t require.TestingT) context.Context {
	return t.(interface{ Context() context.Context }).Context()
}
