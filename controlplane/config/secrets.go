package config

import sb "signalbox"

// Secrets is the key of what is kept sealed.
type Secrets struct {
	Keyset string `envconfig:"SIGNALBOX_KEYSET" shown:"in dev a file in the data folder" desc:"File with the keys that seal secrets and sign run tokens. All replicas share it; serve does not start without it."`
}

func (s *Secrets) validate() []sb.Fault { return nil }
