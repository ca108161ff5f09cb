/** Every function of consul-template 0.42, by name (template.go, funcMap); the reference lists them by what they give. */
export const CONSUL_TEMPLATE: readonly string[] = `
datacenters exportedServices importedServices file key keyExists keyOrDefault ls safeLs node nodes partitions peerings
secret secrets service connect services tree safeTree caRoots caLeaf pkiCert
nomadServices nomadService nomadVarList nomadVarListSafe nomadVar nomadVarExists
scratch
base64Decode base64Encode base64URLDecode base64URLEncode byKey byPort byTag byMeta contains containsAll containsAny
containsNone containsNotAll env mustEnv envOrDefault executeTemplate explode explodeMap mergeMap mergeMapWithOverride in
indent loop join trim trimPrefix trimSuffix trimSpace parseBool parseFloat parseInt parseJSON parseUint parseYAML plugin
regexReplaceAll regexMatch replaceAll sha256Hex md5sum hmacSHA256Hex timestamp toLower toJSON toJSONPretty
toUnescapedJSON toUnescapedJSONPretty toTitle toTOML toUpper toYAML split splitToMap sockaddr writeToFile
add subtract multiply divide modulo minimum maximum
spew_dump spew_printf spew_sdump spew_sprintf
`
  .trim()
  .split(/\s+/);

/** Every function of Sprig 3.3.0 (functions.go, genericMap). */
export const SPRIG: readonly string[] = `
abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt
biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone dateModify
date_in_zone date_modify decryptAES deepCopy deepEqual default derivePassword dict dig dir div divf duration
durationRound empty encryptAES env expandenv ext fail first float64 floor fromJson genCA genCAWithKey genPrivateKey
genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get getHostByName has hasKey hasPrefix
hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials int int64 isAbs join kebabcase keys kindIs
kindOf last list lower max maxf merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact
mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite
mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral
mustRegexSplit mustRest mustReverse mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq
mustWithout must_date_modify nindent nospace now omit osBase osClean osDir osExt osIsAbs pick pluck plural prepend
push quote randAlpha randAlphaNum randAscii randBytes randInt randNumeric regexFind regexFindAll regexMatch
regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace rest reverse round semver
semverCompare seq set sha1sum sha256sum sha512sum shuffle slice snakecase sortAlpha split splitList splitn squote sub
subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson toString toStrings trim trimAll
trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch unset until untilStep untitle upper
urlJoin urlParse uuidv4 values without wrap wrapWith
`
  .trim()
  .split(/\s+/);

/** Those of consul-template that fail here, with the reason: Vault, Nomad, Consul's mesh and its enterprise features. */
export const NOT_HERE: readonly string[] = `
secret secrets pkiCert nomadServices nomadService nomadVarList nomadVarListSafe nomadVar nomadVarExists
exportedServices importedServices partitions peerings caRoots caLeaf
`
  .trim()
  .split(/\s+/);

/** Those of Sprig that fail here, with the reason: they give another result at every run, or on every host. */
export const NOT_REPEATABLE: readonly string[] = `
bcrypt htpasswd encryptAES genPrivateKey genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert
genSignedCertWithKey randInt shuffle randAlpha randAlphaNum randAscii randBytes randNumeric uuidv4
date dateInZone date_in_zone dateModify date_modify htmlDate htmlDateInZone now
env expandenv getHostByName
`
  .trim()
  .split(/\s+/);
