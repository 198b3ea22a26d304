package blobs

// What tests of keys need.
var (
	PathOf          = pathOf
	UnescapeElement = unescapeElement
)
