package sources

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	sb "signalbox"
)

const maxURI = 4 << 10 // bytes

var (
	poolName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	ownNames = map[string]bool{"admin": true, "local": true, "config": true}
)

// checking gathers what a source becomes, and every fault.
type checking struct {
	places []sb.Orchestrator
	faults []sb.Fault
}

func (c *checking) fault(field, message string, value any) {
	if message != "" {
		c.faults = append(c.faults, sb.Fault{Location: "body." + field, Message: message, Value: value})
	}
}

// check is a source with a patch, or every fault of it. The address is never quoted.
func (r *Registry) check(ctx context.Context, s sb.Source, p sb.SourcePatch) (sb.Source, error) {
	places, err := r.store.Orchestrators(ctx)
	if err != nil {
		return s, err
	}
	c := &checking{places: places}
	if s.Kind != sb.FiftyOne {
		c.fault("kind", "this version knows only sources of kind fiftyone", string(s.Kind))
	}
	c.plain(&s, p)
	if p.URI != nil {
		c.fault("uri", r.wrongURI(*p.URI), nil)
	}
	if err := r.checkTaken(ctx, c, s, p); err != nil {
		return s, err
	}
	if p.Pools != nil {
		s.Pools = c.pools(*p.Pools)
	}
	if p.Rules != nil {
		s.Rules = c.rules(*p.Rules)
	}
	if err := r.checkPrincipal(ctx, c, &s, p); err != nil {
		return s, err
	}
	if len(c.faults) > 0 {
		return s, sb.Faulty("the source cannot be kept as it is", c.faults...)
	}
	return s, nil
}

func (c *checking) plain(s *sb.Source, p sb.SourcePatch) {
	if p.Name != nil {
		s.Name = *p.Name
		c.fault("name", sb.CheckName(s.Name), s.Name)
	}
	if p.Database != nil {
		s.Database = *p.Database
		c.fault("database", wrongDatabase(s.Database), s.Database)
	}
	if p.DefaultPermission != nil {
		s.DefaultPermission = *p.DefaultPermission
		if !s.DefaultPermission.Valid() {
			c.fault("default_permission", "a permission is none, view, tag, edit or manage", string(s.DefaultPermission))
		}
	}
	if p.Intake != nil {
		s.Intake = *p.Intake
	}
	if p.Mirror != nil {
		s.Mirror = *p.Mirror
	}
}

func wrongDatabase(name string) string {
	switch {
	case name == "":
		return "name the database in MongoDB; FiftyOne's own default is fiftyone"
	case len(name) > 63 || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\. \"$*<>:|?\x00"):
		return `a database has a name of at most 63 bytes without / \ . " $ * < > : | ? and spaces`
	case ownNames[strings.ToLower(name)]:
		return "this database is MongoDB's own"
	}
	return ""
}

func (r *Registry) wrongURI(uri string) string {
	switch {
	case uri == "":
		return "give the address of the database, such as mongodb://user:password@db.example.org/"
	case len(uri) > maxURI:
		return fmt.Sprintf("an address has at most %d bytes", maxURI)
	case !strings.HasPrefix(uri, "mongodb://") && !strings.HasPrefix(uri, "mongodb+srv://"):
		return "an address begins with mongodb:// or mongodb+srv://"
	}
	return r.driver.Check(uri)
}

// checkTaken demands that a database is of one source alone: two would refuse what the other has taken.
func (r *Registry) checkTaken(ctx context.Context, c *checking, s sb.Source, p sb.SourcePatch) error {
	if p.URI == nil && p.Database == nil || len(c.faults) > 0 {
		return nil
	}
	all, err := r.store.Sources(ctx)
	if err != nil {
		return err
	}
	var address string
	if p.URI != nil {
		address = *p.URI
	} else if address, err = r.uri(ctx, s); err != nil {
		return err
	}
	hosts := r.driver.Hosts(address)
	for _, other := range all {
		if other.ID == s.ID || other.Name == s.Name || other.Database != s.Database {
			continue // a name that is taken is told by the store
		}
		there, err := r.uri(ctx, other)
		if err != nil { // its address does not open any more, so nothing is taken from there
			continue
		}
		if slices.ContainsFunc(r.driver.Hosts(there), func(host string) bool { return slices.Contains(hosts, host) }) {
			c.fault("uri", fmt.Sprintf("this database is the source %s already", other.Name), nil)
		}
	}
	return nil
}

// checkPrincipal finds on whose behalf operations are taken.
func (r *Registry) checkPrincipal(ctx context.Context, c *checking, s *sb.Source, p sb.SourcePatch) error {
	if p.Principal == nil || *p.Principal == "" {
		if p.Principal != nil {
			s.Principal = sb.Who{}
		}
		if s.Intake && s.Principal.ID == "" {
			c.fault("principal", "intake needs a service account on whose behalf operations are taken", nil)
		}
		return nil
	}
	who, err := r.store.Principal(ctx, *p.Principal)
	if err != nil && sb.CodeOf(err) != sb.NotFound {
		return err
	}
	if wrong := sb.CheckSourcePrincipal(who); err != nil || wrong != "" {
		if err != nil {
			wrong = "there is no such service account"
		}
		c.fault("principal", wrong, *p.Principal)
		return nil
	}
	s.Principal = who.Who()
	return nil
}

// pools finds where the address may go.
func (c *checking) pools(words []string) []sb.SourcePool {
	var list []sb.SourcePool
	for i, word := range words {
		pool, wrong := c.pool(word)
		c.fault(fmt.Sprintf("pools[%d]", i), wrong, word)
		list = append(list, pool)
	}
	return list
}

func (c *checking) pool(word string) (sb.SourcePool, string) {
	if o, ok := c.place(word); ok {
		if o.Kind == sb.Builtin {
			return sb.SourcePool{}, "name the pool, too: " + o.Name + "/" + sb.DefaultPool
		}
		return sb.SourcePool{OrchestratorID: o.ID, Orchestrator: o.Name}, ""
	}
	cut := strings.LastIndexByte(word, '/')
	if cut < 0 {
		return sb.SourcePool{}, "there is no such orchestrator; name <orchestrator>/<pool>, or one that is not builtin by its name alone"
	}
	o, ok := c.place(word[:cut])
	switch pool := word[cut+1:]; {
	case !ok:
		return sb.SourcePool{}, "there is no such orchestrator"
	case o.Kind != sb.Builtin:
		return sb.SourcePool{}, "it is not builtin and has no pools; name it alone: " + o.Name
	case !poolName.MatchString(pool):
		return sb.SourcePool{}, "a pool has 1 to 40 characters of a-z, 0-9 and -"
	default:
		return sb.SourcePool{OrchestratorID: o.ID, Orchestrator: o.Name, Pool: pool}, ""
	}
}

// place finds an orchestrator by name or id.
func (c *checking) place(word string) (sb.Orchestrator, bool) {
	for _, o := range c.places {
		if o.Name == word || o.ID == word {
			return o, true
		}
	}
	return sb.Orchestrator{}, false
}

func (c *checking) rules(words []sb.SourceRuleWords) []sb.SourceRule {
	var list []sb.SourceRule
	for i, word := range words {
		at := fmt.Sprintf("rules[%d].", i)
		c.patterns(at+"operators", word.Operators)
		c.patterns(at+"datasets", word.Datasets)
		o, ok := c.place(word.Orchestrator)
		if !ok {
			c.fault(at+"orchestrator", "there is no such orchestrator", word.Orchestrator)
		}
		list = append(list, sb.SourceRule{Operators: word.Operators, Datasets: word.Datasets, OrchestratorID: o.ID, Orchestrator: o.Name})
	}
	return list
}

func (c *checking) patterns(at string, patterns []string) {
	for i, p := range patterns {
		if _, err := path.Match(p, ""); p == "" || err != nil {
			c.fault(fmt.Sprintf("%s[%d]", at, i), "this is no pattern", p)
		}
	}
}
