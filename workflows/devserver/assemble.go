package devserver

import (
	"crypto/rand"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"google.golang.org/protobuf/types/known/durationpb"

	"signalbox/internal/freeport"
)

const (
	clusterName = "active"
	storeName   = "sqlite"
	disabled    = "disabled"
)

// services are those that carry workflows. The fourth, "worker", runs schedules and batch jobs, which nothing here
// needs; without it a stop takes milliseconds instead of a second. It is not run, but the server wants its address.
var (
	services = []string{string(primitives.FrontendService), string(primitives.HistoryService), string(primitives.MatchingService)}
	known    = append(slices.Clone(services), string(primitives.WorkerService))
)

// assemble makes the file and the namespace if needed, and puts the server together without starting it.
func (s *Server) assemble() (temporal.Server, error) {
	store := s.store()
	if err := s.prepare(store); err != nil {
		return nil, fmt.Errorf("prepare temporal's database: %w", err)
	}
	cfg, err := s.config(store)
	if err != nil {
		return nil, err
	}
	authorizer, err := authorization.GetAuthorizerFromConfig(&cfg.Global.Authorization)
	if err != nil {
		return nil, err
	}
	claims, err := authorization.GetClaimMapperFromConfig(&cfg.Global.Authorization, s.log)
	if err != nil {
		return nil, err
	}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for _, name := range known {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(s.at(cfg.Services[name].RPC.GRPCPort))
	}
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(services),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(s.log),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(tuning()),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
	)
}

// store says how the file is opened. One connection only: several lead to storms of "database is locked".
func (s *Server) store() *config.SQL {
	store := &config.SQL{PluginName: sqliteplugin.PluginName, DatabaseName: s.options.File, MaxConns: 1, MaxIdleConns: 1}
	if s.options.File == "" {
		store.DatabaseName = "t" + strings.ToLower(rand.Text())
		store.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
		return store
	}
	store.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "NORMAL"}
	return store
}

func (s *Server) prepare(store *config.SQL) error {
	if s.options.File != "" {
		err := makeFile(s.options.File, func(file string) error {
			fresh := *store
			fresh.DatabaseName = file
			fresh.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "delete"} // all in one file, to be moved
			return sqliteschema.SetupSchema(&fresh)
		})
		if err != nil {
			return err
		}
	}
	attributes := map[string]enumspb.IndexedValueType{}
	for _, name := range s.options.SearchAttributes {
		attributes[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	namespace, err := sqliteschema.NewNamespaceConfig(clusterName, s.options.Namespace, false, attributes)
	if err != nil {
		return err
	}
	namespace.Detail.Config.Retention = durationpb.New(Retention)
	return sqliteschema.CreateNamespaces(store, namespace)
}

func (s *Server) config(store *config.SQL) (*config.Config, error) {
	cfg := &config.Config{}
	cfg.Global.Membership.MaxJoinDuration = 30 * time.Second
	cfg.Global.Membership.BroadcastAddress = s.listen.IP.String()
	cfg.Persistence = config.Persistence{
		DefaultStore: storeName, VisibilityStore: storeName, NumHistoryShards: 1,
		DataStores: map[string]config.DataStore{storeName: {SQL: store}},
	}
	cfg.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: s.Addr()},
		},
	}
	cfg.DCRedirectionPolicy.Policy = "noop"
	cfg.Archival.History.State = disabled
	cfg.Archival.Visibility.State = disabled
	cfg.NamespaceDefaults.Archival.History.State = disabled
	cfg.NamespaceDefaults.Archival.Visibility.State = disabled
	cfg.PublicClient.HostPort = s.Addr()
	ports, err := s.ports()
	if err != nil {
		return nil, err
	}
	cfg.Services = map[string]config.Service{}
	for name, port := range ports {
		cfg.Services[name] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: s.listen.IP.String()}}
	}
	return cfg, nil
}

// ports gives each service a port: the frontend the wished one, the others the next that are free.
func (s *Server) ports() (ports map[string]int, err error) {
	port := s.listen.Port
	ports = map[string]int{known[0]: port}
	for _, name := range known[1:] {
		if port, err = freeport.Next(s.listen.IP, port); err == nil && s.ui != nil && port == s.ui.Port {
			port, err = freeport.Next(s.listen.IP, port)
		}
		if err != nil {
			return nil, err
		}
		ports[name] = port
	}
	return ports, nil
}

func (s *Server) at(port int) string {
	return (&net.TCPAddr{IP: s.listen.IP, Port: port}).String()
}

// tuning is for many short workflows on one machine. The queue processors' rates matter most: their default of 20 polls
// a second makes every hop of a workflow wait 50 ms. The long poll is short because a client that waits for a
// workflow's end may miss the notification and then waits that long. The history cache keeps workflows that have ended
// for an hour, about 30 KiB each: as many as may be open at once are enough. A worker that stops has its polls answered
// by the server: cancelled by the worker alone, a poll may have been handed a task on its way, which nobody does then
// and nobody misses for half a minute.
func tuning() dynamicconfig.Client {
	values := dynamicconfig.StaticClient{
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():           1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key():          1,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 1024,
		dynamicconfig.HistoryLongPollExpirationInterval.Key():            2 * time.Second,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 1000,
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key():      true,
		dynamicconfig.EnableEagerWorkflowStart.Key():                     true,
		dynamicconfig.EnableCancelWorkerPollsOnShutdown.Key():            true,
		dynamicconfig.EnableActivityEagerExecution.Key():                 true,
	}
	for _, rate := range []dynamicconfig.Key{
		dynamicconfig.TransferProcessorMaxPollRPS.Key(),
		dynamicconfig.TimerProcessorMaxPollRPS.Key(),
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(),
		dynamicconfig.OutboundProcessorMaxPollRPS.Key(),
	} {
		values[rate] = 1000
	}
	for _, workers := range []dynamicconfig.Key{
		dynamicconfig.TransferProcessorSchedulerWorkerCount.Key(),
		dynamicconfig.TimerProcessorSchedulerWorkerCount.Key(),
		dynamicconfig.VisibilityProcessorSchedulerWorkerCount.Key(),
		dynamicconfig.ArchivalProcessorSchedulerWorkerCount.Key(),
		dynamicconfig.MemoryTimerProcessorSchedulerWorkerCount.Key(),
		dynamicconfig.ReplicationProcessorSchedulerWorkerCount.Key(),
	} {
		values[workers] = 16
	}
	return values
}
