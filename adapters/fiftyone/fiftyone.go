// Package fiftyone reaches the databases of FiftyOne: the delegated operations that an App queues there, and the list of
// datasets. It writes to an operation what FiftyOne's own launcher would, and nothing else; samples and media it never
// touches. It is the only importer of MongoDB's driver.
//
// What FiftyOne keeps and how was seen on version 1.22.1. An operation is a document of the collection delegated_ops; its launchers
// look for the state queued alone, and never touch one that is scheduled.
package fiftyone

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

const (
	answerWithin = 15 * time.Second // of one question or change, unless a driver says otherwise
	findWithin   = 5 * time.Second  // of a server that takes writes
)

// Driver reaches databases of FiftyOne.
type Driver struct {
	Within time.Duration // how long one question or change may take; 0 is 15 s
}

// Check tells what is wrong with an address, without quoting any of it; "" for nothing. It reaches nothing.
func (Driver) Check(uri string) string {
	if rest, is := strings.CutPrefix(uri, seedList); is { // the driver would ask the DNS for it
		uri = "mongodb://" + rest
	}
	o := settings(uri)
	if err := o.Validate(); err != nil {
		return "this is no address that MongoDB's driver understands; special characters in a user or password are percent-encoded"
	}
	if o.Auth != nil && !slices.Contains(logins, strings.ToUpper(o.Auth.AuthMechanism)) {
		return "its authMechanism is not one of SCRAM-SHA-256, SCRAM-SHA-1, MONGODB-X509 and PLAIN: others would send credentials of this machine"
	}
	return ""
}

// logins are the mechanisms that know nothing but what the address says; "" is for what the server offers of the first two. Those of
// clouds ask metadata services, or read tokens of this machine, and send them to the registered host.
var logins = []string{"", "SCRAM-SHA-256", "SCRAM-SHA-1", "MONGODB-X509", "PLAIN"}

// Hosts are those of an address that Check takes, with their ports: those of a seed list are its name, since the DNS is
// not asked.
func (Driver) Hosts(uri string) []string {
	var hosts []string
	for _, host := range settings(strings.Replace(uri, seedList, "mongodb://", 1)).Hosts {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(host, "27017")
		}
		hosts = append(hosts, strings.ToLower(host))
	}
	return hosts
}

// seedList begins an address whose hosts the DNS knows.
const seedList = "mongodb+srv://"

// Open gives what reaches a database; it connects when it is used. Errors: Invalid, Unavailable (the DNS does not know it).
func (d Driver) Open(uri, database string) (sb.OperationDatabase, error) {
	if wrong := d.Check(uri); wrong != "" {
		return nil, sb.Errorf(sb.Invalid, "the address of the database: %s", wrong)
	}
	client, err := mongo.Connect(settings(uri))
	if err != nil && strings.HasPrefix(uri, seedList) {
		return nil, sb.Errorf(sb.Unavailable, "the DNS does not know the hosts of the database now")
	}
	if err != nil { // its text may hold the address
		return nil, sb.Errorf(sb.Invalid, "MongoDB's driver does not take the address of the database")
	}
	db := client.Database(database)
	return &Database{within: cmp.Or(d.Within, answerWithin), client: client, db: db, operations: db.Collection("delegated_ops"), datasets: db.Collection("datasets")}, nil
}

// settings are an address with what must hold whatever it says: changes are acknowledged by a majority, and read where they
// are made; and all calls go where guarded ones may, also those about certificates.
func settings(uri string) *options.ClientOptions {
	return options.Client().ApplyURI(uri).SetAppName("signalbox").SetDialer(outbound.Dialer()).
		SetHTTPClient(&http.Client{Transport: outbound.Transport(), Timeout: answerWithin}).
		SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary()).
		SetServerSelectionTimeout(findWithin).SetConnectTimeout(findWithin).SetMaxPoolSize(8)
}

// Database is a database of FiftyOne.
type Database struct {
	within     time.Duration
	client     *mongo.Client
	db         *mongo.Database
	operations *mongo.Collection
	datasets   *mongo.Collection
}

var _ sb.OperationDatabase = (*Database)(nil)

// bounded bounds one question or change. A driver that does so by itself would end streams of changes, too.
func (d *Database) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d.within)
}

// Close ends all connections.
func (d *Database) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), findWithin) //nolint:forbidigo // what is closed has no caller any more
	defer cancel()
	_ = d.client.Disconnect(ctx)
}

// Server asks for the version of the server.
func (d *Database) Server(ctx context.Context) (string, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	var info struct{ Version string }
	err := d.db.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&info)
	return info.Version, trouble(err)
}
