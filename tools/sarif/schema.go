// Package sarif names the module whose schema the tests read.
package sarif

import _ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
