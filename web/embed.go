// Package web holds the pages that browsers show. They are built from the TypeScript beside it and embedded here, so
// that the program needs no other file. It compiles without them: then there is no index.html among the files, and the
// server says how they are built.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are the built pages. Those below assets/ carry a hash of what is in them in their names; beside what packs well
// lie packed twins, whose names end with .br and .gz.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return files
}
