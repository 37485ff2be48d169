// Standard JSON on stdin, standard JSON on stdout. argv[2] is a soljson.js (Solidity 0.6 and later).
'use strict'
const compiler = require(require('path').resolve(process.argv[2]))
const compile = compiler.cwrap('solidity_compile', 'string', ['string', 'number', 'number'])
const answer = compile(require('fs').readFileSync(0, 'utf8'), 0, 0)
process.stdout.write(answer, () => process.exit(0))
