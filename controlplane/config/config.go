// Package config reads the settings of a Signalbox process from its environment: a struct for each section, with
// names, defaults, meanings and checks in one file each. With no setting at all, `signalbox dev` runs.
//
// docs/configuration.md is written from these structs; a test keeps it true.
package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/kelseyhightower/envconfig"

	sb "signalbox"
)

// Config is all settings, each section by itself. Which process reads which section is its own matter.
type Config struct {
	Server   Server
	Database Database
	Temporal Temporal
	Blobs    Blobs
	Secrets  Secrets
	Worker   Worker
	Demo     Demo
	Login    Login
	Mail     Mail
	Limits   Limits
	Log      Log
}

// Lookup finds a variable and tells whether it is set; os.LookupEnv is one.
type Lookup func(name string) (value string, set bool)

// section is a part of the configuration that knows what would be wrong with it.
type section interface{ validate() []sb.Fault }

// Load reads and checks all settings. An empty variable counts as one that is not set, except where its meaning says
// otherwise. Errors: Invalid, with every fault found in any section, and no value that may be a secret.
func Load(lookup Lookup) (Config, error) {
	var c Config
	var faults []sb.Fault
	for _, s := range c.sections() {
		wrong := read(s, lookup)
		if len(wrong) == 0 {
			wrong = s.validate()
		}
		faults = append(faults, wrong...)
	}
	if len(faults) > 0 {
		return Config{}, sb.Faulty(inWords(faults), faults...)
	}
	c.derive(lookup)
	return c, nil
}

// Path is where something lies in the data folder.
func (c Config) Path(name ...string) string {
	return filepath.Join(append([]string{c.Server.DataDir}, name...)...)
}

func (c *Config) sections() []section {
	return []section{&c.Server, &c.Database, &c.Temporal, &c.Blobs, &c.Secrets, &c.Worker, &c.Demo, &c.Login, &c.Mail, &c.Limits, &c.Log}
}

// derive fills in the defaults that hang on other settings.
func (c *Config) derive(lookup Lookup) {
	if c.Server.DataDir == "" {
		c.Server.DataDir = dataDir(lookup)
	}
	if abs, err := filepath.Abs(c.Server.DataDir); err == nil {
		c.Server.DataDir = abs
	}
	if c.Blobs.LogsURL == "" {
		c.Blobs.LogsURL = (&url.URL{Scheme: "file", Path: c.Path("blobs")}).String()
	}
	if c.Blobs.BlobsURL == "" {
		c.Blobs.BlobsURL = c.Blobs.LogsURL
	}
	if c.Worker.Dir == "" {
		c.Worker.Dir = c.Path("worker")
	}
}

// read fills a section's fields from their variables.
func read(s section, lookup Lookup) []sb.Fault {
	var faults []sb.Fault
	fields := reflect.ValueOf(s).Elem()
	for i := range fields.NumField() {
		f := fields.Type().Field(i)
		name, text := f.Tag.Get("envconfig"), f.Tag.Get("default")
		_, emptyMeans := f.Tag.Lookup("empty")
		if v, set := lookup(name); set && (v != "" || emptyMeans) {
			text = v
		}
		if text == "" {
			continue
		}
		v, err := decode(f, text)
		if err != nil {
			faults = append(faults, sb.Fault{Location: name, Message: "must be " + wanted(f.Type), Value: text})
			continue
		}
		fields.Field(i).Set(v)
	}
	return faults
}

// decode lets envconfig read one value. It gets a struct of one field at a time, so that one fault does not hide the
// next, and the value as that field's default under a name no environment can hold, so that the environment is
// whatever the caller says.
func decode(f reflect.StructField, text string) (reflect.Value, error) {
	one := reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: f.Name, Type: f.Type, Tag: reflect.StructTag(`envconfig:"=" default:` + strconv.Quote(text)),
	}}))
	err := envconfig.Process("", one.Interface())
	return one.Elem().Field(0), err
}

func inWords(faults []sb.Fault) string {
	lines := make([]string, len(faults))
	for i, f := range faults {
		lines[i] = f.Location + " " + f.Message
		if f.Value != nil {
			lines[i] += fmt.Sprintf(", not %q", fmt.Sprint(f.Value))
		}
	}
	return "the configuration is not valid: " + strings.Join(lines, "; ")
}
