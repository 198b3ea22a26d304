// Package fiftyone holds Signalbox's plugin for FiftyOne's App, so that the command line can put it where an App finds it.
package fiftyone

import (
	"embed"
	"io/fs"
)

//go:embed plugin/__init__.py plugin/fiftyone.yml
var files embed.FS

// Plugin is the folder of the plugin.
func Plugin() fs.FS {
	plugin, err := fs.Sub(files, "plugin")
	if err != nil {
		panic("fiftyone: the plugin is not embedded: " + err.Error())
	}
	return plugin
}
