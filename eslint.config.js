import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { modulesRule } from './tools/eslint/modules.js';
import { wallClockRule } from './tools/eslint/wall-clock.js';

/** Packages that exactly one folder may use: everyone else talks to that folder. */
const doors = [
  { package: 'dockerode', folder: 'src/sources/docker' },
  { package: 'fastify', folder: 'src/api' },
  { package: 'ws', folder: 'src/api' },
  { package: 'commander', folder: 'src/cli' },
  { package: 'koffi', folder: 'src/linux' },
];

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'node_modules', '.cache'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'tools/*.js', 'tools/eslint/*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { fairlead: { rules: { modules: modulesRule, 'wall-clock': wallClockRule } } },
    rules: {
      'fairlead/modules': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      eqeqeq: 'error',
      'no-console': 'off',
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: true }],
      // An import names the file that defines the thing: no barrels, so a reader is one step away and nothing loads in vain.
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportAllDeclaration, ExportNamedDeclaration[source]',
          message: 'import from the file that defines it instead of exporting it a second time',
        },
      ],
    },
  },
  ...doors.map(({ package: name, folder }) => ({
    files: ['src/**/*.ts'],
    ignores: [`${folder}/**`],
    rules: {
      'no-restricted-imports': ['error', { paths: [{ name, message: `only ${folder} uses ${name}` }] }],
    },
  })),
  { files: ['src/**/*.ts'], rules: { 'fairlead/wall-clock': 'error' } },
  {
    files: ['src/catalog/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:net', 'node:dgram', 'node:http', 'node:timers'].map((name) => ({
            name,
            message: 'the catalog is pure',
          })),
        },
      ],
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'],
    },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: {
        URL: 'readonly',
        process: 'readonly',
        console: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
);
