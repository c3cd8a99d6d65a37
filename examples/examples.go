// Package examples holds configurations, each of which runs in the lab as it
// stands.
package examples

import "embed"

// FS are the files, by name.
//
//go:embed *.toml
var FS embed.FS
