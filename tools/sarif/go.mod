// Holds the SARIF schema of OASIS, which the tests validate reports against; nothing is built.
module paddock/tools/sarif

go 1.24.0

require github.com/owenrumney/go-sarif/v3 v3.2.1

require (
	github.com/xeipuuv/gojsonpointer v0.0.0-20180127040702-4e3ac2762d5f // indirect
	github.com/xeipuuv/gojsonreference v0.0.0-20180127040603-bd5ef7bd5415 // indirect
	github.com/xeipuuv/gojsonschema v1.2.0 // indirect
)
