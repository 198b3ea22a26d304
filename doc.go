// Package signalbox holds the words of the trade: run, work, plugin, access, dataset, orchestrator, log, error.
//
// A run is one delegated operation of FiftyOne. Its life is data (the table of statuses) and one pure function,
// Run.Apply, which every change of a run goes through. The package imports the standard library only; every other
// package of the project imports it, and hardly any other.
package signalbox
